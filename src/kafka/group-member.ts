import { once } from 'node:events';
import { unlessAborted } from '../errors/in-time.ts';
import type { DeadLetters } from './dead-letters.ts';
import { GroupCommits } from './group-commits.ts';
import { generationOf } from './group-generation.ts';
import { GroupOffsets } from './group-offsets.ts';
import { type Consumer, closeClient, type KafkaSettings, kafkaConsumer } from './kafka-clients.ts';
import { needsRejoin } from './kafka-faults.ts';
import { PartitionFetcher } from './partition-fetcher.ts';
import { type LaneProgress, PartitionLane, type RecordHandling } from './partition-lane.ts';
import { soonAfter } from './soon-after.ts';
import type { AssignedPartition } from './topic-record.ts';

export interface GroupOptions {
  readonly topics: readonly string[];
  readonly groupId: string;
  /** Where the group begins in a partition in which it has committed nothing, or nothing that is still there. */
  readonly reset: 'earliest' | 'latest';
}

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
  /** Commits, and is no member. */
  readonly #committer: Consumer;
  readonly #offsets: GroupOffsets;
  readonly #fault = new AbortController();
  /** Aborted when the partitions are not this member's any more. */
  #assignment = new AbortController();
  #room = Promise.withResolvers<void>();

  /**
   * Throws the client's own error when the brokers are away or a topic is not there, and the signal's reason once that
   * aborts. @param name stands for this process in the group.
   */
  static async join<T>(
    settings: KafkaSettings,
    name: string,
    options: GroupOptions,
    handling: RecordHandling<T>,
    deadLetters: DeadLetters,
    until: AbortSignal,
  ): Promise<GroupMember<T>> {
    const member = new GroupMember(settings, name, options, handling, deadLetters);
    try {
      await unlessAborted(member.#consumer.metadata({ topics: [...options.topics] }), until);
      // One who is gone without a word while the others wait for it keeps them waiting.
      await soonAfter(until, member.#join());
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
    this.#committer = kafkaConsumer(
      settings,
      { retries: 0, retryDelay: 0 },
      { groupId, groupInstanceId: name },
    );
    this.#offsets = new GroupOffsets(settings, groupId);
    this.#consumer.on('error', error => this.#fault.abort(error));
    this.#consumer.on('consumer:heartbeat:stalled', () =>
      this.#fault.abort(new Error('The group has not heard of this member for too long.')),
    );
    this.#consumer.on('consumer:group:rebalance', () => this.#assignment.abort());
    this.#consumer.on('consumer:group:join', () => {
      this.#assignment.abort();
      this.#assignment = new AbortController();
    });
  }

  async #join(): Promise<void> {
    await this.#consumer.joinGroup({});
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

  /** Leaves the group, so that others need not wait until it has missed this one. What waits for brokers fails. */
  async close(): Promise<void> {
    const consumers = [this.#consumer, this.#committer].map(closeClient);
    await Promise.all([...consumers, this.#fetcher.close(), this.#offsets.close()]);
  }

  /** Until the partitions are shared out anew. What fails meanwhile because of that is no fault. */
  async #work(assignment: AbortSignal, ended: AbortSignal): Promise<void> {
    const failed = new AbortController();
    const until = AbortSignal.any([assignment, ended, failed.signal]);
    try {
      const progress = this.#progress(assignment);
      const partitions = await this.#assignedPartitions(progress);
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

  /** Nothing of it is done once the assignment is over, and where the brokers know that sooner they refuse it. */
  #progress(assignment: AbortSignal): LaneProgress {
    const generation = generationOf(this.#consumer);
    const commits = new GroupCommits(this.#committer, generation);
    const unlessOver = async (write: () => Promise<void>) => {
      if (assignment.aborted) return;
      try {
        await write();
      } catch (error) {
        if (!needsRejoin(error)) throw error;
        // The next heartbeat will hear of it as well.
        if (this.#assignment.signal === assignment) this.#assignment.abort();
      }
    };
    return {
      hasRoom: () => this.#room.resolve(),
      commit: done => unlessOver(() => commits.commit(done)),
      commitWithDeadLetters: (done, unreadable) =>
        unlessOver(() => this.#deadLetters.bury(unreadable, done, generation)),
    };
  }

  /** Where the group was not yet, its start is committed, so that it stays the same. */
  async #assignedPartitions(progress: LaneProgress): Promise<readonly AssignedPartition[]> {
    const found = await this.#offsets.positions(this.#consumer.assignments ?? [], this.#options.reset);
    const isNew = found.filter(({ isCommitted }) => !isCommitted);
    await Promise.all(
      isNew.map(({ topic, partition, start }) => progress.commit({ topic, partition, offset: start })),
    );
    return found;
  }
}
