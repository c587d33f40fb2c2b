import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import Type from 'typebox';
import { isoTime } from '../../jobs/iso-time.ts';
import type { Failure } from '../../jobs/job.ts';
import { httpCode, statusMessage } from '../../jobs/job-view.ts';
import type { JobStatus } from '../../jobs/states.ts';
import type { Progress } from './event-feed.ts';

/** Proxies and clients take a connection that is silent for long as dead. */
const heartbeatMs = 15_000;
/** A client that has not read this much before there is more has to come back and catch up. */
const maxBufferedBytes = 1_048_576;

/** What an `event: status` tells. */
export interface StatusNews {
  readonly position: number;
  readonly jobId: string;
  readonly status: JobStatus;
  readonly run: number;
  readonly at: number;
  readonly failure?: Failure;
}

/** The answers with events, for an endpoint's schema. */
export const eventAnswers = {
  200: {
    description:
      'Server-sent events. `event: status` has an id, to resume after by `Last-Event-ID`, and as data ' +
      '`{id, status, run, time, code, message}`, in the words of a job; `event: progress` has no id, and as ' +
      'data `{id, progress}`.',
    content: { 'text/event-stream': { schema: Type.String() } },
  },
};

export const lastEventIdHeader = Type.Object({
  'last-event-id': Type.Optional(
    Type.String({ pattern: '^\\d{1,15}$', description: 'the id of the last event that was received' }),
  ),
});

/** One client's server-sent events (WHATWG HTML, section 9.2). */
export class EventStream {
  readonly #stream = new PassThrough();
  readonly #closed = new AbortController();
  /** Written in this turn of the event loop: what happens at once goes out at once. */
  #pending = '';

  /** Begins the answer. `onClose` is called once, when the stream has ended or the client is gone. */
  constructor(request: FastifyRequest, reply: FastifyReply, onClose: () => void) {
    const heartbeat = setInterval(() => this.#write(':\n\n'), heartbeatMs);
    this.#stream.once('close', () => {
      clearInterval(heartbeat);
      this.#closed.abort();
      onClose();
    });
    // Small writes go out at once.
    request.raw.socket.setNoDelay(true);
    reply.headers({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    void reply.send(this.#stream);
    this.#write(':\n\n');
  }

  status(news: StatusNews): void {
    this.#write(statusText(news));
  }

  progress({ jobId, progress }: Progress): void {
    // A client that reads slowly can do without it.
    if (this.#stream.writableNeedDrain) return;
    this.#write(`event: progress\ndata: ${JSON.stringify({ id: jobId, progress })}\n\n`);
  }

  /** Resolves once the client has read most of what was written, or is gone. */
  async drained(): Promise<void> {
    this.#flush();
    if (!this.#stream.writableNeedDrain || this.#stream.destroyed) return;
    await once(this.#stream, 'drain', { signal: this.#closed.signal }).catch(() => {});
  }

  end(): void {
    this.#flush();
    this.#stream.end();
  }

  destroy(): void {
    this.#stream.destroy();
  }

  #write(text: string): void {
    if (this.#pending === '') setImmediate(() => this.#flush());
    this.#pending += text;
  }

  #flush(): void {
    const text = this.#pending;
    this.#pending = '';
    if (text === '' || this.#stream.writableEnded || this.#stream.destroyed) return;
    // Looked at before and not after: who has read everything can take however much comes at once.
    if (this.#stream.writableLength + this.#stream.readableLength > maxBufferedBytes) this.#stream.destroy();
    else this.#stream.write(text);
  }
}

/** Of news that many clients are told, written once. */
const statusTexts = new WeakMap<StatusNews, string>();

function statusText(news: StatusNews): string {
  const { position, jobId, status, run, at, failure } = news;
  const known = statusTexts.get(news);
  if (known !== undefined) return known;
  const how = { status, ...(failure !== undefined && { failure }) };
  const data = JSON.stringify({
    id: jobId,
    status,
    run,
    time: isoTime(at),
    code: httpCode(how),
    message: statusMessage(how),
  });
  const text = `event: status\nid: ${position}\ndata: ${data}\n\n`;
  statusTexts.set(news, text);
  return text;
}

/** The position to resume after, or undefined. Never behind the newest, as after a restored backup. */
export function resumePosition(header: string | undefined, newest: number): number | undefined {
  return header === undefined ? undefined : Math.min(Number(header), newest);
}
