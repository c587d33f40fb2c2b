import type { UserImage } from '../../answers/processed-image.ts';
import type { GroupOptions } from '../../kafka/group-member.ts';
import type { KafkaSettings } from '../../kafka/kafka-clients.ts';
import type { ReadRecord } from '../../kafka/partition-lane.ts';
import { RecordReader } from '../../kafka/record-reader.ts';
import { recordSchemas } from '../../kafka/record-schemas.ts';
import type { SchemaRegistry } from '../../kafka/schema-registry.ts';
import { TopicConsumer } from '../../kafka/topic-consumer.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { type Submission, submitGroups } from '../submit-groups.ts';
import { type EnlargementTarget, enlargementGroup } from './enlargement-group.ts';

export interface KafkaIntakeParts extends Submission {
  readonly kafka: KafkaSettings;
  readonly registry: SchemaRegistry;
  readonly consume: GroupOptions;
  readonly target: EnlargementTarget;
  readonly logger: Logger;
}

/** Groups of one transaction: so many more than the gate allows may get through it. */
const atOnce = 200;

/**
 * Makes a group of each record of the topics of images to process. Offsets are committed once the groups are durable, not
 * when their images are done, so that long work is no matter of the broker's; a record that comes again is known by then.
 */
export class KafkaIntake {
  readonly #parts: KafkaIntakeParts;
  readonly #consumer: TopicConsumer<UserImage>;

  constructor(parts: KafkaIntakeParts) {
    const { kafka, registry, consume, count, logger } = parts;
    this.#parts = parts;
    const reader = new RecordReader<UserImage>(registry, recordSchemas.userImageUploaded);
    this.#consumer = new TopicConsumer({
      ...consume,
      settings: kafka,
      handling: {
        read: ({ value }) => reader.read(value),
        handle: (records, signal) => this.#accept(records, signal),
        buried: records => count('dead-letter', records),
      },
      logger,
    });
  }

  start(): void {
    this.#consumer.start();
  }

  stop(): Promise<void> {
    return this.#consumer.stop();
  }

  /** Why it can't take records now, for people; null when it can. */
  fault(): string | null {
    return this.#consumer.fault();
  }

  async #accept(records: readonly ReadRecord<UserImage>[], signal: AbortSignal): Promise<void> {
    const { gate, target } = this.#parts;
    for (let done = 0; done < records.length; done += atOnce) {
      // While there is no room for more this waits, and nothing more is fetched of that partition.
      await gate.opened(signal);
      const next = records.slice(done, done + atOnce);
      const groups = next.map(({ record, value }) => enlargementGroup(record.identity, { ...value }, target));
      await submitGroups(groups, this.#parts);
    }
  }
}
