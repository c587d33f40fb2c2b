import { setTimeout } from 'node:timers/promises';

const patienceMs = 60_000;

/**
 * A client behind a load balancer that finds out by itself who is there: a request whose connection breaks is sent again
 * to the next API. What an API answers is never sent again.
 */
export class BalancedClient {
  /** Of all answers, by status. */
  readonly statuses = new Map<number, number>();
  /** Requests that got no answer and were sent again. */
  unanswered = 0;
  readonly #urls: () => readonly string[];
  #turn = 0;

  /** @param urls where APIs are at present */
  constructor(urls: () => readonly string[]) {
    this.#urls = urls;
  }

  /** The whole answer, and how often it was lost before. */
  async request(
    path: string,
    init: () => RequestInit = () => ({}),
  ): Promise<{ status: number; body: Buffer; lost: number }> {
    let lost = 0;
    const deadline = performance.now() + patienceMs;
    for (;;) {
      try {
        const answer = await fetch(new URL(path, this.next()), init());
        const body = Buffer.from(await answer.arrayBuffer());
        this.statuses.set(answer.status, (this.statuses.get(answer.status) ?? 0) + 1);
        return { status: answer.status, body, lost };
      } catch (error) {
        if (performance.now() > deadline) throw error;
        this.unanswered += 1;
        lost += 1;
        await setTimeout(20);
      }
    }
  }

  /** The API whose turn it is. */
  next(): string {
    const urls = this.#urls();
    this.#turn += 1;
    const url = urls[this.#turn % urls.length];
    if (url === undefined) throw new Error('There is no API.');
    return url;
  }
}
