import { once } from 'node:events';
import type { DeadLetters } from './dead-letters.ts';
import { GroupCommits } from './group-commits.ts';
import { type Consumer, type KafkaSettings, kafkaConsumer } from './kafka-clients.ts';
import { needsRejoin } from './kafka-faults.ts';
import { PartitionFetcher } from './partition-fetcher.ts';
import {
  type LaneProgress,
  PartitionLane,
  type RecordHandling,
  type UnreadableRecord,
} from './partition-lane.ts';
import type { AssignedPartition, PartitionOffset } from './topic-record.ts';

export interface GroupOptions {
  readonly topics: readonly string[];
  readonly groupId: string;
  /** Where the group begins in a partition in which it has committed nothing, or nothing that is still there. */
  readonly reset: 'earliest' | 'latest';
}

/** As Kafka has it for "the first there is" and "the next to come". */
const timestamps = { earliest: -2n, latest: -1n };

/**
 * One membership of a consumer group, thrown away at its first fault; that partitions are shared out anew is none. From
 * one such time to the next it works on the partitions that it was given, from what the group has committed.
 */
export class GroupMember<T> {
  readonly #options: GroupOptions;
  readonly #handling: RecordHandling<T>;
  readonly #deadLetters: DeadLetters;
  readonly #consumer: Consumer;
  readonly #fetcher: PartitionFetcher;
  readonly #commits: GroupCommits;
  readonly #fault = new AbortController();
  /** Aborted when the partitions are not this member's any more. */
  #assignment = new AbortController();
  #room = Promise.withResolvers<void>();

  /** Throws the client's own error when the brokers are away or a topic is not there. @param name stands for this process in the group. */
  static async join<T>(
    settings: KafkaSettings,
    name: string,
    options: GroupOptions,
    handling: RecordHandling<T>,
    deadLetters: DeadLetters,
  ): Promise<GroupMember<T>> {
    const member = new GroupMember(settings, name, options, handling, deadLetters);
    try {
      await member.#consumer.metadata({ topics: [...options.topics] });
      await member.#consumer.joinGroup({});
      return member;
    } catch (error) {
      await member.close();
      throw error;
    }
  }

  private constructor(
    settings: KafkaSettings,
    name: string,
    options: GroupOptions,
    handling: RecordHandling<T>,
    deadLetters: DeadLetters,
  ) {
    const { topics, groupId } = options;
    this.#options = options;
    this.#handling = handling;
    this.#deadLetters = deadLetters;
    const retries = { retries: 12, retryDelay: 250 };
    this.#consumer = kafkaConsumer(settings, retries, { groupId, groupInstanceId: name });
    this.#consumer.topics.trackAll(...topics);
    this.#fetcher = new PartitionFetcher(settings, topics, groupId, name);
    this.#commits = new GroupCommits(this.#consumer);
    this.#consumer.on('error', error => this.#fault.abort(error));
    this.#consumer.on('consumer:heartbeat:stalled', () =>
      this.#fault.abort(new Error('The group has not heard of this member for too long.')),
    );
    this.#consumer.on('consumer:group:rebalance', () => this.#assignment.abort());
    this.#consumer.on('consumer:group:join', () => {
      this.#assignment.abort();
      this.#commits.forget();
      this.#assignment = new AbortController();
    });
  }

  /** Works until the abort, and finishes what it has begun then. Throws its first fault. */
  async run(stop: AbortSignal): Promise<void> {
    const ended = AbortSignal.any([stop, this.#fault.signal]);
    while (!ended.aborted) {
      const assignment = this.#assignment.signal;
      if (assignment.aborted)
        await once(this.#consumer, 'consumer:group:join', { signal: ended }).catch(() => {});
      else await this.#work(assignment, ended);
    }
    if (this.#fault.signal.aborted) throw this.#fault.signal.reason;
  }

  /** Leaves the group, so that others need not wait until it has missed this one. */
  async close(): Promise<void> {
    await Promise.all([this.#consumer.close(true).catch(() => {}), this.#fetcher.close()]);
  }

  /** Until the partitions are shared out anew. What fails meanwhile because of that is no fault. */
  async #work(assignment: AbortSignal, ended: AbortSignal): Promise<void> {
    const failed = new AbortController();
    const until = AbortSignal.any([assignment, ended, failed.signal]);
    try {
      const partitions = await this.#assignedPartitions();
      const progress = this.#progress(assignment);
      const lanes = partitions.map(assigned => new PartitionLane(assigned, this.#handling, progress));
      const works = [this.#fetch(lanes, until), ...lanes.map(lane => lane.run(until))];
      const outcomes = await Promise.allSettled(
        works.map(work =>
          work.catch(error => {
            failed.abort();
            throw error;
          }),
        ),
      );
      for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
    } catch (error) {
      if (!assignment.aborted) throw error;
    }
  }

  async #fetch(lanes: readonly PartitionLane<T>[], until: AbortSignal): Promise<void> {
    const aborted = once(until, 'abort', { signal: until }).catch(() => {});
    while (!until.aborted) {
      this.#room = Promise.withResolvers();
      const wanted = lanes.filter(({ fetchOffset }) => fetchOffset !== undefined);
      if (wanted.length > 0) await this.#fetcher.fetch(wanted);
      else await Promise.race([this.#room.promise, aborted]);
    }
  }

  #progress(assignment: AbortSignal): LaneProgress {
    return {
      hasRoom: () => this.#room.resolve(),
      commit: async done => {
        if (!assignment.aborted) await this.#commits.commit(done);
      },
      commitWithDeadLetters: async (done, unreadable) => {
        if (!assignment.aborted) await this.#bury(unreadable, done);
      },
    };
  }

  async #bury(unreadable: readonly UnreadableRecord[], done: PartitionOffset): Promise<void> {
    try {
      await this.#deadLetters.bury(unreadable, done, this.#consumer);
    } catch (error) {
      // The group shares its partitions out anew, and the next heartbeat will hear of it: nothing was buried.
      if (!needsRejoin(error)) throw error;
      this.#assignment.abort();
    }
  }

  /** With where the group is in each. Where it was not yet, its start is committed, so that it stays the same. */
  async #assignedPartitions(): Promise<AssignedPartition[]> {
    const assignments = this.#consumer.assignments ?? [];
    if (assignments.length === 0) return [];
    const topics = assignments.map(({ topic }) => topic);
    const [committed, earliest, latest] = await Promise.all([
      this.#consumer.listCommittedOffsets({ topics: assignments }),
      this.#consumer.listOffsets({ topics, timestamp: timestamps.earliest }),
      this.#consumer.listOffsets({ topics, timestamp: timestamps.latest }),
    ]);
    const found = assignments.flatMap(({ topic, partitions }) =>
      partitions.map(partition => {
        const from = earliest.get(topic)?.[partition] ?? 0n;
        const to = latest.get(topic)?.[partition] ?? from;
        const offset = committed.get(topic)?.[partition] ?? -1n;
        const isThere = offset >= from && offset <= to;
        return {
          topic,
          partition,
          start: isThere ? offset : { earliest: from, latest: to }[this.#options.reset],
          isThere,
        };
      }),
    );
    const unknown: PartitionOffset[] = found
      .filter(({ isThere }) => !isThere)
      .map(({ topic, partition, start }) => ({ topic, partition, offset: start }));
    await Promise.all(unknown.map(start => this.#commits.commit(start)));
    return found;
  }
}
