import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { Webhook } from 'standardwebhooks';
import { startHttp } from './counting-server.ts';
import { eventually } from './eventually.ts';

/** One try as the receiver saw it. */
export interface ReceivedCall {
  readonly path: string;
  readonly id: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** By `performance.now()`. */
  readonly at: number;
}

/** A real server that is told of jobs, and keeps what it was told. */
export interface WebhookReceiver extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly connections: number;
  readonly calls: readonly ReceivedCall[];
  /** Resolves once so many calls have come. */
  received(count: number, withinMs?: number): Promise<readonly ReceivedCall[]>;
}

export type Answer = (response: ServerResponse, call: ReceivedCall, calls: number) => void;

/** @param answer to each call; 204 by default */
export async function startReceiver(
  answer: Answer = response => response.writeHead(204).end(),
  port = 0,
): Promise<WebhookReceiver> {
  const calls: ReceivedCall[] = [];
  const server = await startHttp(
    async (request, response) => {
      const at = performance.now();
      const { headers, url: path = '' } = request;
      const call = { path, id: String(headers['webhook-id']), headers, body: await text(request), at };
      calls.push(call);
      answer(response, call, calls.length);
    },
    '127.0.0.1',
    port,
  );
  return {
    url: server.url,
    port: server.port,
    get connections() {
      return server.connections;
    },
    calls,
    received: (count, withinMs) =>
      eventually(() => calls.length >= count && calls, `${count} calls have come`, withinMs),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** Throws unless the call is signed with the secret, as the Standard Webhooks library sees it; its payload otherwise. */
export function verified(call: ReceivedCall, secret: string) {
  const names = ['webhook-id', 'webhook-timestamp', 'webhook-signature'];
  const headers = Object.fromEntries(names.map(name => [name, String(call.headers[name])]));
  return new Webhook(secret).verify(call.body, headers) as { type: string; timestamp: string; data: JobData };
}

interface JobData {
  readonly id: string;
  readonly status: string;
  readonly [field: string]: unknown;
}
