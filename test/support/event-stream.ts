/** One server-sent event as it came. */
export interface ServerSentEvent {
  readonly event: string;
  readonly id?: string;
  // biome-ignore lint/suspicious/noExplicitAny: the callers say what must be in it
  readonly data: any;
}

/** The events of `GET /events` or of a job, until the signal aborts or the stream ends. Throws when it is refused. */
export async function* readEvents(url: string, signal: AbortSignal): AsyncGenerator<ServerSentEvent> {
  const response = await fetch(url, { signal });
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  yield* eventsOf(response);
}

/** A client that reads one event after another, and shows the answer that they came with. */
export class EventReader implements AsyncDisposable {
  readonly response: Response;
  readonly #abort: AbortController;
  readonly #events: AsyncGenerator<ServerSentEvent>;

  /** Whatever the answer's status; 20 s at most until it ends. */
  static async open(
    url: string,
    lastEventId?: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<EventReader> {
    const abort = new AbortController();
    const response = await fetch(url, {
      headers: { ...headers, ...(lastEventId !== undefined && { 'last-event-id': lastEventId }) },
      signal: AbortSignal.any([abort.signal, AbortSignal.timeout(20_000)]),
    });
    return new EventReader(response, abort);
  }

  private constructor(response: Response, abort: AbortController) {
    this.response = response;
    this.#abort = abort;
    this.#events = eventsOf(response);
  }

  /** The next event, or undefined once the server has ended the stream. */
  async next(): Promise<ServerSentEvent | undefined> {
    const { done, value } = await this.#events.next();
    return done ? undefined : value;
  }

  /** The next events, fewer than `count` if the server ends the stream before. */
  async take(count: number): Promise<ServerSentEvent[]> {
    const events: ServerSentEvent[] = [];
    while (events.length < count) {
      const event = await this.next();
      if (event === undefined) break;
      events.push(event);
    }
    return events;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    await this.#events.return(undefined).catch(() => {});
  }
}

async function* eventsOf(response: Response): AsyncGenerator<ServerSentEvent> {
  // No stream of its own between: a reader that falls behind is cut off.
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of response.body ?? []) {
    const blocks = (rest + decoder.decode(chunk, { stream: true })).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const event = parse(block);
      if (event !== undefined) yield event;
    }
  }
}

/** Undefined for a block without data, such as a heartbeat. */
function parse(block: string): ServerSentEvent | undefined {
  const fields = new Map(
    block
      .split('\n')
      .map(line => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]),
  );
  const data = fields.get('data');
  if (data === undefined) return undefined;
  const id = fields.get('id');
  return { event: fields.get('event') ?? 'message', data: JSON.parse(data), ...(id !== undefined && { id }) };
}
