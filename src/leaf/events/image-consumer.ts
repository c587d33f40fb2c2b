import { setTimeout as sleep } from 'node:timers/promises';
import { ensureTopic } from '../../kafka/ensure-topic.ts';
import type { KafkaSettings } from '../../kafka/kafka-clients.ts';
import type { ReadRecord } from '../../kafka/partition-lane.ts';
import { TopicConsumer } from '../../kafka/topic-consumer.ts';
import { AwayLog } from '../../telemetry/away-log.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { ImageCopies } from '../images/image-copies.ts';
import { isPlant, type Plant, plants } from '../plants.ts';
import { type ImageEvent, readImageEvent } from './image-event.ts';

export interface ImageConsumerParts {
  readonly kafka: KafkaSettings;
  readonly groupId: string;
  readonly copies: Pick<ImageCopies, 'write'>;
  readonly logger: Logger;
}

/** Between two tries to make the topics, in milliseconds. */
const againMs = 1_000;

/** Writes what the three topics tell into the copies; an offset is committed once the copies are durable. */
export class ImageConsumer {
  readonly #parts: ImageConsumerParts;
  readonly #consumer: TopicConsumer<{ plant: Plant; event: ImageEvent }>;
  readonly #awayLog: AwayLog;
  readonly #stopping = new AbortController();
  #starting: Promise<void> | undefined;

  constructor(parts: ImageConsumerParts) {
    const { kafka, groupId, copies, logger } = parts;
    this.#parts = parts;
    this.#awayLog = new AwayLog(logger, 'the topics can’t be made', 'the topics are there');
    this.#consumer = new TopicConsumer({
      topics: plants,
      groupId,
      reset: 'earliest',
      settings: kafka,
      handling: {
        read: async ({ topic, value }) => {
          if (!isPlant(topic)) throw new Error(`${topic} is no topic of ours`);
          return { plant: topic, event: readImageEvent(topic, value) };
        },
        handle: records => writeCopies(copies, records),
        buried: records => logger.warn({ records }, 'records are among the dead letters'),
      },
      logger,
    });
  }

  start(): void {
    this.#starting ??= this.#start();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#starting;
    await this.#consumer.stop();
  }

  /** A group can't be joined while one of its topics is not there, and a plant without photos has none yet. */
  async #start(): Promise<void> {
    const stopping = this.#stopping.signal;
    while (!stopping.aborted) {
      try {
        const { kafka } = this.#parts;
        for (const plant of plants) await ensureTopic(kafka, plant, 'The leaf system', { until: stopping });
        this.#awayLog.back();
        this.#consumer.start();
        return;
      } catch (error) {
        if (stopping.aborted) return;
        this.#awayLog.away(error);
        await sleep(againMs, undefined, { signal: stopping }).catch(() => {});
      }
    }
  }
}

/** The records are of one partition, and so of one plant. */
async function writeCopies(
  copies: Pick<ImageCopies, 'write'>,
  records: readonly ReadRecord<{ plant: Plant; event: ImageEvent }>[],
): Promise<void> {
  const [first] = records;
  if (first === undefined) return;
  await copies.write(
    first.value.plant,
    records.map(({ value }) => value.event),
  );
}
