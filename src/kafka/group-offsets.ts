import { type Admin, type Consumer, closeClient, type KafkaSettings, kafkaAdmin } from './kafka-clients.ts';
import type { AssignedPartition } from './topic-record.ts';

type Assignments = NonNullable<Consumer['assignments']>;

export interface GroupPosition extends AssignedPartition {
  /** Whether the group has committed it; else it begins there. */
  readonly isCommitted: boolean;
}

/** As Kafka has it for "the first there is" and "the next to come". */
const timestamps = { earliest: -2n, latest: -1n };

/** Where a group is in its partitions. */
export class GroupOffsets {
  readonly #client: Admin;
  readonly #groupId: string;

  constructor(settings: KafkaSettings, groupId: string) {
    this.#client = kafkaAdmin(settings, { retries: 60, retryDelay: 50 });
    this.#groupId = groupId;
  }

  /** Waits for transactions that commit offsets of the group and have not ended yet. */
  async positions(assignments: Assignments, reset: 'earliest' | 'latest'): Promise<GroupPosition[]> {
    if (assignments.length === 0) return [];
    const [committed, earliest, latest] = await Promise.all([
      this.#committed(assignments),
      this.#listed(assignments, timestamps.earliest),
      this.#listed(assignments, timestamps.latest),
    ]);
    return assignments.flatMap(({ topic, partitions }) =>
      partitions.map(partition => {
        const place = `${topic}:${partition}`;
        const from = earliest.get(place) ?? 0n;
        const to = latest.get(place) ?? from;
        const offset = committed.get(place) ?? -1n;
        // What it committed may be deleted by now.
        const isCommitted = offset >= from && offset <= to;
        const start = isCommitted ? offset : { earliest: from, latest: to }[reset];
        return { topic, partition, start, isCommitted };
      }),
    );
  }

  async close(): Promise<void> {
    await closeClient(this.#client);
  }

  async #committed(assignments: Assignments): Promise<Map<string, bigint>> {
    const topics = assignments.map(({ topic, partitions }) => ({
      name: topic,
      partitionIndexes: [...partitions],
    }));
    const groups = [{ groupId: this.#groupId, topics }];
    const [group] = await this.#client.listConsumerGroupOffsets({ groups, requireStable: true });
    return new Map(
      (group?.topics ?? []).flatMap(({ name, partitions }) =>
        partitions.map(each => [`${name}:${each.partitionIndex}`, each.committedOffset] as const),
      ),
    );
  }

  async #listed(assignments: Assignments, timestamp: bigint): Promise<Map<string, bigint>> {
    const topics = assignments.map(({ topic, partitions }) => ({
      name: topic,
      partitions: partitions.map(partitionIndex => ({ partitionIndex, timestamp })),
    }));
    const listed = await this.#client.listOffsets({ topics });
    return new Map(
      listed.flatMap(({ name, partitions }) =>
        partitions.map(each => [`${name}:${each.partitionIndex}`, each.offset] as const),
      ),
    );
  }
}
