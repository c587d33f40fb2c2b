/** One server-sent event as it came. */
export interface ReceivedEvent {
  readonly event: string;
  readonly id?: string;
  // biome-ignore lint/suspicious/noExplicitAny: the tests say what must be in it
  readonly data: any;
}

/** A client of server-sent events that reads one after another. */
export class EventReader implements AsyncDisposable {
  readonly response: Response;
  readonly #abort: AbortController;
  readonly #blocks: AsyncGenerator<string>;

  static async open(url: string, lastEventId?: string): Promise<EventReader> {
    const abort = new AbortController();
    const headers: Record<string, string> = lastEventId === undefined ? {} : { 'last-event-id': lastEventId };
    const response = await fetch(url, {
      headers,
      signal: AbortSignal.any([abort.signal, AbortSignal.timeout(20_000)]),
    });
    return new EventReader(response, abort);
  }

  private constructor(response: Response, abort: AbortController) {
    this.response = response;
    this.#abort = abort;
    this.#blocks = blocks(response);
  }

  /** The next event, or undefined once the server has ended the stream. */
  async next(): Promise<ReceivedEvent | undefined> {
    for (;;) {
      const { done, value } = await this.#blocks.next();
      if (done) return undefined;
      const fields = new Map(
        value
          .split('\n')
          .map(line => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]),
      );
      const data = fields.get('data');
      if (data === undefined) continue;
      const id = fields.get('id');
      return {
        event: fields.get('event') ?? 'message',
        data: JSON.parse(data),
        ...(id !== undefined && { id }),
      };
    }
  }

  async take(count: number): Promise<ReceivedEvent[]> {
    const events: ReceivedEvent[] = [];
    while (events.length < count) {
      const event = await this.next();
      if (event === undefined) break;
      events.push(event);
    }
    return events;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    await this.#blocks.return(undefined).catch(() => {});
  }
}

async function* blocks(response: Response): AsyncGenerator<string> {
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += Buffer.from(chunk).toString();
    const parts = text.split('\n\n');
    text = parts.pop() ?? '';
    yield* parts;
  }
}
