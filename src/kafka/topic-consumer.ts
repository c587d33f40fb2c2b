import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { AwayLog } from '../telemetry/away-log.ts';
import type { Logger } from '../telemetry/logger.ts';
import { DeadLetters } from './dead-letters.ts';
import { GroupMember, type GroupOptions } from './group-member.ts';
import type { KafkaSettings } from './kafka-clients.ts';
import type { RecordHandling } from './partition-lane.ts';
import { soonAfter } from './soon-after.ts';

export interface TopicConsumerOptions<T> extends GroupOptions {
  readonly settings: KafkaSettings;
  readonly handling: Pick<RecordHandling<T>, 'read' | 'handle' | 'buried'>;
  readonly logger: Logger;
}

/** Between two tries to join the group, in milliseconds: doubled from the first to the last. */
const pauses = { first: 250, last: 5_000 };
/** A membership that lasted so long was a good one, in milliseconds. */
const steadyMs = 30_000;

/**
 * Gives each record of some topics to its handler, at least once and in the order of its partition, until it is stopped.
 * An offset is committed only after the handler has made its record durable. Records that nobody can read are put aside
 * in `<topic>.dead-letters`.
 */
export class TopicConsumer<T> {
  readonly #options: TopicConsumerOptions<T>;
  readonly #handling: RecordHandling<T>;
  readonly #deadLetters: DeadLetters;
  readonly #awayLog: AwayLog;
  readonly #waitLog: AwayLog;
  /** In the group it takes the place of its own predecessor, so that an outage is no rebalance. */
  readonly #name = randomUUID();
  readonly #stopping = new AbortController();
  #loop: Promise<void> | undefined;

  constructor(options: TopicConsumerOptions<T>) {
    const { handling, logger, settings, topics } = options;
    this.#options = options;
    const names = topics.join(', ');
    this.#waitLog = new AwayLog(logger, `records of ${names} wait`, `records of ${names} go on`);
    this.#handling = {
      read: record => handling.read(record),
      handle: (records, signal) => handling.handle(records, signal),
      buried: records => handling.buried(records),
      waits: reason => this.#waitLog.away(reason),
      goesOn: () => this.#waitLog.back(),
    };
    this.#deadLetters = new DeadLetters(settings);
    this.#awayLog = new AwayLog(logger, `${names} can't be consumed`, `${names}: consumed again`);
  }

  start(): void {
    this.#loop ??= this.#consume();
  }

  /**
   * Finishes what was begun, leaves the group, and resolves when all is still. What takes longer than some seconds, as
   * with brokers that hang, is left; nothing of it was committed, so it comes again.
   */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
    await this.#deadLetters.close();
  }

  /** Why it can't go on now, for people; null when it can. */
  fault(): string | null {
    return this.#awayLog.fault ?? this.#waitLog.fault;
  }

  async #consume(): Promise<void> {
    const stopping = this.#stopping.signal;
    let failures = 0;
    while (!stopping.aborted) {
      const since = performance.now();
      try {
        const member = await this.#join();
        this.#awayLog.back();
        await soonAfter(stopping, member.run(stopping)).finally(() => member.close());
      } catch (error) {
        if (stopping.aborted) return;
        if (performance.now() - since > steadyMs) failures = 0;
        this.#awayLog.away(error);
        const pauseMs = Math.min(pauses.first * 2 ** failures, pauses.last);
        failures += 1;
        await sleep(pauseMs, undefined, { signal: stopping }).catch(() => {});
      }
    }
  }

  #join(): Promise<GroupMember<T>> {
    const { settings } = this.#options;
    const stopping = this.#stopping.signal;
    return GroupMember.join(settings, this.#name, this.#options, this.#handling, this.#deadLetters, stopping);
  }
}
