import { type FetchedRecords, fetchedRecords } from './fetched-records.ts';
import { type Consumer, closeClient, type KafkaSettings, kafkaConsumer } from './kafka-clients.ts';

/** A partition that may be fetched from. */
export interface FetchTarget {
  readonly topic: string;
  readonly partition: number;
  /** Undefined: not now. */
  readonly fetchOffset: bigint | undefined;
  add(fetched: FetchedRecords): void;
}

type FetchTopics = Parameters<Consumer['fetch']>[0]['topics'];
type Metadata = Awaited<ReturnType<Consumer['metadata']>>;

/** How long a broker waits for records, in milliseconds: a partition that has room again waits as long for its turn. */
const longestWaitMs = 250;
/** Of one partition in one fetch; a single larger batch comes whole. */
const partitionBytes = 1_048_576;
const fetchBytes = 16 * partitionBytes;

/**
 * Fetches from those partitions alone that have room. It has connections of its own, so that no commit or heartbeat
 * waits behind a fetch, and is no member of the group.
 */
export class PartitionFetcher {
  readonly #client: Consumer;
  readonly #topics: readonly string[];
  /** Which topics there were at the first look, with their partitions. */
  #shape: string | undefined;

  constructor(settings: KafkaSettings, topics: readonly string[], groupId: string, name: string) {
    this.#topics = topics;
    const retries = { retries: 12, retryDelay: 250 };
    this.#client = kafkaConsumer(settings, retries, { groupId, groupInstanceId: name });
    this.#client.topics.trackAll(...topics);
  }

  /**
   * One round: what there is by now, or comes soon, goes to its target. Throws the client's own error when a broker is
   * away, and when partitions were added or a topic was made anew: then the group has to share them out again.
   */
  async fetch(targets: readonly FetchTarget[]): Promise<void> {
    const metadata = await this.#client.metadata({ topics: [...this.#topics] });
    this.#checkShape(metadata);
    const nodes = Map.groupBy(targets, ({ topic, partition }) => {
      const leader = metadata.topics.get(topic)?.partitions[partition]?.leader;
      return leader ?? -1;
    });
    await Promise.all([...nodes].map(([node, theirs]) => this.#fetchFrom(node, theirs, metadata)));
  }

  async close(): Promise<void> {
    await closeClient(this.#client);
  }

  async #fetchFrom(node: number, targets: readonly FetchTarget[], metadata: Metadata): Promise<void> {
    const starts = new Map<string, { target: FetchTarget; start: bigint }>();
    const topics: FetchTopics = [];
    for (const target of targets) {
      const { topic, partition, fetchOffset: start } = target;
      const topicId = metadata.topics.get(topic)?.id;
      if (start === undefined || topicId === undefined) continue;
      starts.set(`${topicId}:${partition}`, { target, start });
      const epochs = { currentLeaderEpoch: -1, lastFetchedEpoch: -1 };
      const place = { partition, fetchOffset: start, partitionMaxBytes: partitionBytes };
      topics.push({ topicId, partitions: [{ ...place, ...epochs }] });
    }
    if (topics.length === 0) return;
    const limits = { maxWaitTime: longestWaitMs, maxBytes: fetchBytes };
    const { responses } = await this.#client.fetch({ node, topics, ...limits });
    for (const { topicId, partitions } of responses) {
      for (const fetched of partitions) {
        // What was not asked for now lingers in the session with the broker.
        const asked = starts.get(`${topicId}:${fetched.partitionIndex}`);
        if (asked === undefined) continue;
        const { target, start } = asked;
        const identity = `${metadata.id}:${topicId}`;
        target.add(fetchedRecords(fetched, { topic: target.topic, identity, start }));
      }
    }
  }

  #checkShape({ topics }: Metadata): void {
    const shape = this.#topics
      .map(name => `${topics.get(name)?.id} ${topics.get(name)?.partitionsCount}`)
      .join();
    this.#shape ??= shape;
    if (this.#shape !== shape) throw new Error('The topics or their partitions have changed.');
  }
}
