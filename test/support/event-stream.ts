/** One server-sent event. */
export interface ServerSentEvent {
  readonly id?: string;
  readonly event: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever was sent
  readonly data: any;
}

/** Reads `GET /events` or a job's events until the signal aborts or the stream ends. */
export async function* readEvents(
  url: string,
  signal: AbortSignal,
  headers: Record<string, string> = {},
): AsyncGenerator<ServerSentEvent> {
  const response = await fetch(url, { headers: { accept: 'text/event-stream', ...headers }, signal });
  if (!response.ok || !response.body) throw new Error(`${url} answered ${response.status}`);
  let rest = '';
  for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
    const blocks = (rest + text).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const fields = Object.fromEntries(
        block
          .split('\n')
          .map(line => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]),
      );
      if (fields.data === undefined) continue;
      yield {
        event: fields.event ?? 'message',
        data: JSON.parse(fields.data),
        ...(fields.id ? { id: fields.id } : {}),
      };
    }
  }
}
