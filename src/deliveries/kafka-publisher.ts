import { addAbortListener } from 'node:events';
import { TintypeError } from '../errors/tintype-error.ts';
import type { ProcessedImage } from '../jobs/processed-image.ts';
import { isTooLarge } from '../kafka/kafka-faults.ts';
import { recordSchemas } from '../kafka/record-schemas.ts';
import { RecordWriter } from '../kafka/record-writer.ts';
import type { SchemaRegistry } from '../kafka/schema-registry.ts';
import type { TopicProducer } from '../kafka/topic-producer.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { EncodeRecord } from './kafka.ts';
import type { Message, MessagePublisher } from './message.ts';

/** Gives messages to topics. */
export class KafkaPublisher implements MessagePublisher {
  readonly #producer: TopicProducer;

  constructor(producer: TopicProducer) {
    this.#producer = producer;
  }

  async publish({ target, key, headers, bytes }: Message, signal: AbortSignal): Promise<void> {
    const aborted = Promise.withResolvers<never>();
    using _abort = addAbortListener(signal, () => aborted.reject(signal.reason));
    try {
      const sent = this.#producer.send(target, [{ key, headers, value: bytes }]);
      // The client knows no signal; what it does after the abort is done twice at worst.
      sent.catch(() => {});
      await Promise.race([sent, aborted.promise]);
    } catch (error) {
      signal.throwIfAborted();
      throw publishFault(error);
    }
  }
}

/** Writes processed images with the schema of this release, which is registered with the first one. */
export function processedImageEncoder(registry: SchemaRegistry, logger: Logger): EncodeRecord {
  const writers = new Map<string, RecordWriter<ProcessedImage>>();
  return async (topic, record) => {
    const writer = writers.get(topic) ?? new RecordWriter(registry, topic, recordSchemas.imageProcessed);
    writers.set(topic, writer);
    try {
      return await writer.write(record);
    } catch (error) {
      const fault = TintypeError.from(error);
      if (fault.code === 'incompatible-schema') logger.error({ topic }, fault.message);
      if (fault.code !== 'registry-unavailable') throw fault;
      throw new TintypeError('storage-unavailable', fault.message, { cause: fault.cause });
    }
  };
}

function publishFault(error: unknown): TintypeError {
  if (isTooLarge(error)) {
    return new TintypeError('invalid-request', 'Kafka refuses the message: it is too large.', {
      cause: error,
    });
  }
  // A topic or a login that the brokers refuse is mended there, and then the message goes out.
  const message =
    error instanceof TintypeError ? error.message : 'Kafka can’t be reached, or can’t answer now.';
  return new TintypeError('storage-unavailable', message, { cause: error });
}
