import { Agent, request } from 'node:http';

const agent = new Agent({ keepAlive: true });

export interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

/** The same small client for both sides of a comparison: node:http, connections kept alive. */
export function send(
  method: string,
  url: string,
  body?: Buffer | string,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  const sent = request(url, { method, agent, headers: { ...headers, ...length } }, response => {
    const chunks: Buffer[] = [];
    response.on('data', chunk => chunks.push(chunk));
    response.on('error', reject);
    response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks) }));
  });
  sent.on('error', reject);
  sent.end(body);
  return promise;
}

/** Submits jobs and is told of their ends over one stream of events, as a user with many jobs would be. */
export class JobClient implements AsyncDisposable {
  readonly #url: string;
  readonly #closing = new AbortController();
  readonly #waiting = new Map<string, (status: string) => void>();
  /** Ends that were told before the answer to the submission had been read. */
  readonly #early = new Map<string, string>();
  readonly #listening: Promise<void>;

  constructor(url: string) {
    this.#url = url;
    this.#listening = this.#listen().catch(error => {
      if (!this.#closing.signal.aborted) throw error;
    });
  }

  /** Resolves when the job is complete; throws when it is not accepted or ends in another way. */
  async run(body: Buffer | string, contentType: string): Promise<string> {
    const answer = await send('POST', `${this.#url}/jobs`, body, { 'content-type': contentType });
    if (answer.status !== 202) throw new Error(`not accepted: ${answer.status} ${answer.body}`);
    const { id } = JSON.parse(answer.body.toString());
    const status = await this.#ended(id);
    if (status !== 'complete') throw new Error(`job ${id} ended ${status}`);
    return id;
  }

  async #ended(id: string): Promise<string> {
    const early = this.#early.get(id);
    if (early !== undefined) {
      this.#early.delete(id);
      return early;
    }
    const { promise, resolve } = Promise.withResolvers<string>();
    this.#waiting.set(id, resolve);
    return promise;
  }

  /** By node:http, as everything this client does: web streams would cost it more than the rest. */
  #listen(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const sent = request(`${this.#url}/events`, { signal: this.#closing.signal }, response => {
      let rest = '';
      response.setEncoding('utf8').on('data', (text: string) => {
        const lines = (rest + text).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) if (line.startsWith('data: ')) this.#hear(JSON.parse(line.slice(6)));
      });
      response.on('close', resolve);
      response.on('error', reject);
    });
    sent.on('error', reject).end();
    return promise;
  }

  #hear({ id, status }: { id: string; status?: string }): void {
    if (status === undefined || !['complete', 'failed', 'cancelled'].includes(status)) return;
    const told = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (told) told(status);
    else this.#early.set(id, status);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#listening;
  }
}

/** One file part `image`, as a browser sends it. */
export function multipart(
  file: Buffer,
  filename: string,
  job?: object,
): { body: Buffer; contentType: string } {
  const boundary = 'tintype-bench-8f1c5b';
  const part = (headers: string) => Buffer.from(`--${boundary}\r\n${headers}\r\n\r\n`);
  const jobPart = job
    ? [part('Content-Disposition: form-data; name="job"'), Buffer.from(`${JSON.stringify(job)}\r\n`)]
    : [];
  const imagePart = part(
    `Content-Disposition: form-data; name="image"; filename="${filename}"\r\nContent-Type: image/jpeg`,
  );
  return {
    body: Buffer.concat([...jobPart, imagePart, file, Buffer.from(`\r\n--${boundary}--\r\n`)]),
    contentType: `multipart/form-data; boundary=${boundary}`,
  };
}
