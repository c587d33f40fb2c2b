import { setTimeout } from 'node:timers/promises';
import { EventReader } from './event-stream.ts';

export interface StatusEvent {
  readonly position: number;
  readonly jobId: string;
  readonly status: string;
}

/** A client that follows all jobs and comes back whenever its stream ends, at the next API, where it left off. */
export class EventFollower implements AsyncDisposable {
  /** As they came. */
  readonly events: StatusEvent[] = [];
  readonly #next: () => string;
  readonly #stopping = new AbortController();
  #following: Promise<void> | undefined;

  /**
   * Resolves when it follows: from then on it misses nothing.
   * @param next where it connects next
   */
  static async start(next: () => string): Promise<EventFollower> {
    const follower = new EventFollower(next);
    const first = await EventReader.open(`${next()}/events`);
    follower.#following = follower.#follow(first);
    return follower;
  }

  private constructor(next: () => string) {
    this.#next = next;
  }

  /** The ids of jobs that it was told to be complete. */
  get complete(): string[] {
    return this.events.flatMap(({ status, jobId }) => (status === 'complete' ? [jobId] : []));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    await this.#following;
  }

  async #follow(first: EventReader): Promise<void> {
    let reader: EventReader | undefined = first;
    while (!this.#stopping.signal.aborted) {
      try {
        reader ??= await EventReader.open(`${this.#next()}/events`, this.#lastId());
        await this.#read(reader);
      } catch {
        await setTimeout(20);
      } finally {
        await reader?.[Symbol.asyncDispose]();
        reader = undefined;
      }
    }
  }

  async #read(reader: EventReader): Promise<void> {
    const stop = () => void reader[Symbol.asyncDispose]();
    this.#stopping.signal.addEventListener('abort', stop, { once: true });
    if (this.#stopping.signal.aborted) stop();
    for (let event = await reader.next(); event !== undefined; event = await reader.next()) {
      if (event.event !== 'status') continue;
      const { id, status } = event.data as { id: string; status: string };
      this.events.push({ position: Number(event.id), jobId: id, status });
    }
    this.#stopping.signal.removeEventListener('abort', stop);
  }

  #lastId(): string {
    return String(this.events.at(-1)?.position ?? 0);
  }
}
