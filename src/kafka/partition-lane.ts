import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { TintypeError } from '../errors/tintype-error.ts';
import type { FetchedRecords } from './fetched-records.ts';
import { recordBytes } from './record-bytes.ts';
import type { AssignedPartition, PartitionOffset, TopicRecord } from './topic-record.ts';

/** What is done with records; nothing of it is about one partition alone. */
export interface RecordHandling<T> {
  /** Throws `invalid-record` for one that nobody can ever read; whatever else it throws means to wait. */
  read(record: TopicRecord): Promise<T>;
  /**
   * Resolves when they are durable; may take long, for instance while there is no room. It may be given records again
   * that it had before. What it throws means to wait.
   */
  handle(records: readonly ReadRecord<T>[], signal: AbortSignal): Promise<void>;
  /** Hears of records that are among the dead letters now. */
  buried(records: number): void;
  /** Hears why a lane waits, each time before it tries again. */
  waits(reason: unknown): void;
  /** Hears of a lane that has waited, and waits no longer. */
  goesOn(): void;
}

export interface ReadRecord<T> {
  readonly record: TopicRecord;
  readonly value: T;
}

export interface UnreadableRecord {
  readonly record: TopicRecord;
  readonly reason: string;
}

/** Hears how far a lane has come. Both commits do nothing once the partition may be another member's. */
export interface LaneProgress {
  /** It may be fetched for again. */
  hasRoom(): void;
  commit(done: PartitionOffset): Promise<void>;
  /** Puts records aside and commits, both or neither. */
  commitWithDeadLetters(done: PartitionOffset, unreadable: readonly UnreadableRecord[]): Promise<void>;
}

/** Records that are handled together, at most. */
const batchSize = 500;
/** Fetched records, and bytes of theirs, from which on no more are fetched. */
const enough = 2 * batchSize;
const enoughBytes = 8 * 2 ** 20;
/** Between two tries, in milliseconds: doubled from the first to the last. */
const waits = { first: 100, last: 5_000 };

/** The records of one assigned partition in their order: read, made durable, committed. One that waits holds no other lane. */
export class PartitionLane<T> {
  readonly topic: string;
  readonly partition: number;
  readonly #handling: RecordHandling<T>;
  readonly #progress: LaneProgress;
  readonly #changes = new EventTarget();
  #fetched: TopicRecord[] = [];
  #bytes = 0;
  #next: bigint;

  constructor(
    { topic, partition, start }: AssignedPartition,
    handling: RecordHandling<T>,
    progress: LaneProgress,
  ) {
    this.topic = topic;
    this.partition = partition;
    this.#next = start;
    this.#handling = handling;
    this.#progress = progress;
  }

  /** Where the next fetch begins; undefined while there is enough to do. */
  get fetchOffset(): bigint | undefined {
    const hasEnough = this.#fetched.length >= enough || this.#bytes >= enoughBytes;
    return hasEnough ? undefined : this.#next;
  }

  add({ records, next }: FetchedRecords): void {
    this.#next = next;
    // No `push(...records)`: so many arguments overflow the stack.
    this.#fetched = this.#fetched.concat(records);
    this.#bytes += bytesOf(records);
    if (records.length > 0) this.#changes.dispatchEvent(new Event('added'));
  }

  /** Works until the abort, and finishes what it has begun then. Throws what `LaneProgress` throws. */
  async run(signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      if (this.#fetched.length === 0) {
        await once(this.#changes, 'added', { signal }).catch(() => {});
        continue;
      }
      try {
        await this.#nextBatch(signal);
        if (failures > 0) this.#handling.goesOn();
        failures = 0;
      } catch (error) {
        if (!(error instanceof Waiting)) throw error;
        if (signal.aborted) break;
        this.#handling.waits(error.cause);
        const pauseMs = Math.min(waits.first * 2 ** failures, waits.last);
        failures += 1;
        await sleep(pauseMs, undefined, { signal }).catch(() => {});
      }
    }
    if (failures > 0) this.#handling.goesOn();
  }

  async #nextBatch(signal: AbortSignal): Promise<void> {
    const { read, unreadable, done, waitsFor } = await this.#read(signal);
    if (read.length > 0) {
      await this.#handling.handle(read, signal).catch(error => {
        throw new Waiting(error);
      });
    }
    const last = this.#fetched[done - 1];
    if (last !== undefined) {
      const { topic, partition } = this;
      const offset = { topic, partition, offset: last.offset + 1n };
      if (unreadable.length > 0) {
        await this.#progress.commitWithDeadLetters(offset, unreadable);
        this.#handling.buried(unreadable.length);
      } else await this.#progress.commit(offset);
      this.#bytes -= bytesOf(this.#fetched.slice(0, done));
      this.#fetched = this.#fetched.slice(done);
      this.#progress.hasRoom();
    }
    if (waitsFor !== undefined) throw waitsFor;
  }

  /** The next ones, up to the first of which nobody can say yet whether it can be read. */
  async #read(signal: AbortSignal) {
    const read: ReadRecord<T>[] = [];
    const unreadable: UnreadableRecord[] = [];
    let done = 0;
    for (const record of this.#fetched.slice(0, batchSize)) {
      if (signal.aborted) break;
      try {
        read.push({ record, value: await this.#handling.read(record) });
      } catch (error) {
        if (TintypeError.from(error).code !== 'invalid-record')
          return { read, unreadable, done, waitsFor: new Waiting(error) };
        unreadable.push({ record, reason: (error as TintypeError).message });
      }
      done += 1;
    }
    return { read, unreadable, done };
  }
}

function bytesOf(records: readonly TopicRecord[]): number {
  return records.reduce((sum, record) => sum + recordBytes(record), 0);
}

/** Something is away that will come back. */
class Waiting extends Error {
  constructor(cause: unknown) {
    super('It waits.', { cause });
  }
}
