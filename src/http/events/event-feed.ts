import { setTimeout } from 'node:timers/promises';
import type { EventFilter, EventLog, JobEvent } from '../../jobs/event-log.ts';
import type { StoreChanges } from '../../jobs/store-changes.ts';
import { logFault } from '../../telemetry/log-fault.ts';
import type { Logger } from '../../telemetry/logger.ts';

/** How many events are read at once. */
const pageSize = 500;
/** News may get lost: look at least this often while somebody listens. */
const pollMs = 5_000;
/** While there is more and more news, it is read this often: nobody sees the delay, and one reading serves many. */
const pauseMs = 10;

export interface Progress {
  readonly jobId: string;
  readonly progress: number;
}

/** Somebody who follows the log. */
export interface Listener {
  readonly filter: EventFilter;
  /** Called in the log's order, never twice for one event. */
  onEvent(event: JobEvent): void;
  onProgress(progress: Progress): void;
  /** Asked between two pages while it catches up: resolves once it can take more. */
  ready(): Promise<void>;
  /** The server stops. */
  onStop(): void;
}

interface Follower {
  readonly listener: Listener;
  /** The position of the last event it was given, or that it asked to begin after. */
  position: number;
  /** It has caught up: the one reader serves it. Until then it reads for itself. */
  isLive: boolean;
  /** Of jobs that made progress while it caught up: the latest, by their ids. */
  readonly missed: Map<string, Progress>;
}

/**
 * Tells listeners what the event log says. One reader of the log serves all who are up to date: it is woken by the
 * store's news, reads once however many came, and rests while nobody listens.
 */
export class EventFeed {
  readonly #events: EventLog;
  readonly #changes: StoreChanges;
  readonly #logger: Logger;
  readonly #followers = new Set<Follower>();
  #unsubscribe: (() => void) | undefined;
  #poll: NodeJS.Timeout | undefined;
  #started: Promise<void> | undefined;
  /** What the one reader has passed on so far; undefined while nobody listens. */
  #position: number | undefined;
  #reading = false;
  #hasNews = false;
  #isStopped = false;

  constructor(events: EventLog, changes: StoreChanges, logger: Logger) {
    this.#events = events;
    this.#changes = changes;
    this.#logger = logger;
  }

  /** The position of the newest event. */
  newest(): Promise<number> {
    return this.#events.newest();
  }

  /** The events of one job that the log still has. */
  history(filter: EventFilter): Promise<JobEvent[]> {
    return this.#events.after(0, filter, pageSize);
  }

  /**
   * Gives the listener every event after `since`, exactly once and in order; resolves once it has caught up.
   * `leave` ends it, also before. Whoever comes after the server has begun to stop is told so at once.
   */
  follow(listener: Listener, since: number): { caughtUp: Promise<void>; leave: () => void } {
    if (this.#isStopped) {
      listener.onStop();
      return { caughtUp: Promise.resolve(), leave: () => {} };
    }
    const follower: Follower = { listener, position: since, isLive: false, missed: new Map() };
    this.#followers.add(follower);
    if (this.#followers.size === 1) this.#start();
    const leave = () => {
      if (this.#followers.delete(follower) && this.#followers.size === 0) this.#rest();
    };
    return { caughtUp: this.#catchUp(follower), leave };
  }

  stop(): void {
    this.#isStopped = true;
    for (const { listener } of [...this.#followers]) listener.onStop();
    this.#followers.clear();
    this.#rest();
  }

  #start(): void {
    this.#unsubscribe = this.#changes.subscribe(change => {
      if (change.kind === 'event' && !this.#takeAsTold(change.events)) void this.#read();
      if (change.kind === 'progress') this.#giveProgress(change);
    });
    this.#poll = setInterval(() => void this.#read(), pollMs);
    this.#started = this.#events.newest().then(position => {
      this.#position = position;
    });
    // Whoever catches up awaits it and hears of its failure.
    this.#started.catch(() => {});
  }

  #rest(): void {
    this.#unsubscribe?.();
    clearInterval(this.#poll);
    this.#position = undefined;
  }

  async #catchUp(follower: Follower): Promise<void> {
    const { listener } = follower;
    await this.#started;
    while (this.#followers.has(follower)) {
      const passedOn = this.#position;
      const page = await this.#events.after(follower.position, listener.filter, pageSize);
      for (const event of page) give(follower, event);
      // All that the one reader passed on before this page was read is in it. If it has gone on since, look again.
      if (page.length < pageSize && passedOn === this.#position) {
        follower.isLive = true;
        for (const progress of follower.missed.values()) listener.onProgress(progress);
        follower.missed.clear();
        return;
      }
      await listener.ready();
    }
  }

  /** Passes on what came with the news, if it goes on right where this reader stands: that spares asking the log. */
  #takeAsTold(events: readonly JobEvent[] = []): boolean {
    if (this.#reading || this.#position === undefined || events[0]?.position !== this.#position + 1)
      return false;
    for (const event of events) {
      this.#position = event.position;
      this.#giveAll(event);
    }
    return true;
  }

  /** Reads what is new, once for however many bells rang meanwhile. */
  async #read(): Promise<void> {
    this.#hasNews = true;
    if (this.#reading) return;
    this.#reading = true;
    try {
      while (this.#hasNews && this.#position !== undefined) {
        this.#hasNews = false;
        const from: number = this.#position;
        const page = await this.#events.after(from, {}, pageSize);
        // Meanwhile everybody may have left, and somebody else come.
        if (this.#position !== from) continue;
        this.#position = page.at(-1)?.position ?? from;
        if (page.length === pageSize) this.#hasNews = true;
        for (const event of page) this.#giveAll(event);
        if (page.length < pageSize) await setTimeout(pauseMs);
      }
    } catch (error) {
      logFault(this.#logger, 'warn', error, 'the event log could not be read; trying again soon');
    } finally {
      this.#reading = false;
    }
  }

  #giveAll(event: JobEvent): void {
    for (const follower of this.#followers) {
      if (follower.isLive && concerns(event, follower.listener.filter)) give(follower, event);
    }
  }

  #giveProgress(progress: Progress & { owner: string }): void {
    for (const { isLive, listener, missed } of this.#followers) {
      if (!concerns(progress, listener.filter)) continue;
      if (isLive) listener.onProgress(progress);
      else missed.set(progress.jobId, progress);
    }
  }
}

function give(follower: Follower, event: JobEvent): void {
  if (event.position <= follower.position) return;
  follower.position = event.position;
  // The status that follows a progress says more.
  follower.missed.delete(event.jobId);
  follower.listener.onEvent(event);
}

function concerns(news: { jobId: string; owner: string }, { owner, jobId }: EventFilter): boolean {
  return (owner === undefined || owner === news.owner) && (jobId === undefined || jobId === news.jobId);
}
