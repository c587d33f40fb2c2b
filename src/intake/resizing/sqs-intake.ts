import { setTimeout as delay } from 'node:timers/promises';
import { TintypeError } from '../../errors/tintype-error.ts';
import type { NewGroup } from '../../jobs/intake-store.ts';
import { retryDelayMs } from '../../jobs/retry-policy.ts';
import type { MessageQueue, ReceivedMessage } from '../../sqs/message-queue.ts';
import { AwayLog } from '../../telemetry/away-log.ts';
import { logFault } from '../../telemetry/log-fault.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { type Submission, submitGroups } from '../submit-groups.ts';
import { type MessageSettings, resizeGroup } from './resize-group.ts';

export interface SqsIntakeOptions extends MessageSettings, Submission {
  readonly queue: MessageQueue;
  readonly logger: Logger;
}

interface Read {
  readonly message: ReceivedMessage;
  readonly group: NewGroup;
}

/** A message at which the intake itself has failed so often is given up. */
const mostReceives = 5;
/** Requests for messages under way at once. */
const lanes = 4;

/** Makes jobs of the messages on an SQS queue. A message is deleted when its jobs are durable, and not before. */
export class SqsIntake {
  readonly #options: SqsIntakeOptions;
  readonly #awayLog: AwayLog;
  readonly #stopping = new AbortController();
  #running: Promise<unknown> | undefined;

  constructor(options: SqsIntakeOptions) {
    this.#options = options;
    this.#awayLog = new AwayLog(
      options.logger,
      'messages of the queue can’t be taken',
      'messages of the queue are taken again',
    );
  }

  start(): void {
    this.#running ??= Promise.all(Array.from({ length: lanes }, () => this.#work()));
  }

  /** Takes no more messages, and resolves when those that were taken are through. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  /** Why it can't take messages now, for people; null when it can. */
  fault(): string | null {
    return this.#awayLog.fault;
  }

  async #work(): Promise<void> {
    const { queue, gate } = this.#options;
    const signal = this.#stopping.signal;
    let failures = 0;
    while (!signal.aborted) {
      try {
        await gate.opened(signal);
        await this.#accept(await queue.receive(signal));
        this.#awayLog.back();
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        failures += 1;
        this.#awayLog.away(error);
        await delay(retryDelayMs(failures), undefined, { signal }).catch(() => {});
      }
    }
  }

  async #accept(messages: readonly ReceivedMessage[]): Promise<void> {
    if (messages.length === 0) return;
    const done = await this.#submitted(messages);
    await this.#options.queue.delete(done);
  }

  /** Those whose jobs are durable or that are among the dead letters. The others come back by themselves. */
  async #submitted(messages: readonly ReceivedMessage[]): Promise<ReceivedMessage[]> {
    const good: Read[] = [];
    const bad: { message: ReceivedMessage; error: unknown }[] = [];
    for (const message of messages) {
      try {
        good.push({ message, group: resizeGroup(message, this.#options.queue.url, this.#options) });
      } catch (error) {
        bad.push({ message, error });
      }
    }
    const done = await this.#submit(good);
    for (const { message, error } of bad) {
      if (await this.#fail(message, error)) done.push(message);
    }
    return done;
  }

  /** All in one go; when that fails, one by one, so that each failure is its own message's. */
  async #submit(good: readonly Read[]): Promise<ReceivedMessage[]> {
    const [first, ...others] = good;
    if (!first) return [];
    try {
      await submitGroups(
        good.map(({ group }) => group),
        this.#options,
      );
      return good.map(({ message }) => message);
    } catch (error) {
      if (others.length === 0) {
        return (await this.#fail(first.message, error)) ? [first.message] : [];
      }
      if (TintypeError.from(error).code === 'storage-unavailable') throw error;
    }
    const done: ReceivedMessage[] = [];
    const held = new Set<string>();
    for (const each of good) {
      if (held.has(each.message.groupId ?? '')) continue;
      const ended = await this.#submit([each]);
      if (ended.length === 0) hold(held, each.message);
      done.push(...ended);
    }
    return done;
  }

  /**
   * A message that is at fault itself is given up at once, another after some tries; neither while the store is away.
   * True when it is among the dead letters; else it comes back.
   */
  async #fail(message: ReceivedMessage, thrown: unknown): Promise<boolean> {
    const { queue, count, logger } = this.#options;
    const error = TintypeError.from(thrown);
    if (error.code === 'storage-unavailable') throw error;
    const isItsFault = error.status < 500;
    const facts = { message: message.id, receives: message.receives };
    if (!isItsFault) logFault(logger, 'error', thrown, 'a message of the queue could not be taken', facts);
    if (!isItsFault && message.receives < mostReceives) return false;
    const reason = isItsFault
      ? error.message
      : `It was received ${message.receives} times, and could not be taken: ${error.message}`;
    try {
      await queue.bury(message, reason);
    } catch (fault) {
      logFault(logger, 'error', fault, 'a dead letter could not be written; the message comes again', facts);
      return false;
    }
    count('dead-letter', 1);
    logger.warn({ ...facts, reason }, 'a message of the queue is among the dead letters now');
    return true;
  }
}

function hold(held: Set<string>, { groupId }: ReceivedMessage): void {
  if (groupId !== undefined) held.add(groupId);
}
