import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type ProxyFault =
  /** 503, without asking the server. */
  | 'busy'
  /** No answer, and the server is never asked. */
  | 'silent'
  /** The server does it, and its answer is lost. */
  | 'answer lost'
  /** The answer begins, and stops before its last byte. */
  | 'stalled'
  /** Status 200 with a fault in the body, as S3 has it; the server is never asked. */
  | 'fault in body';

/** An HTTP proxy in front of a real server that spoils some of the requests. */
export class FaultyProxy implements AsyncDisposable {
  /** Decides about each request by its method and its path with the query. */
  spoil: (method: string, path: string) => ProxyFault | undefined = () => undefined;
  readonly requests: { method: string; path: string; headers: IncomingMessage['headers'] }[] = [];
  readonly spoilt = new Map<ProxyFault, number>();
  readonly #server: Server;
  readonly #target: URL;

  static async start(target: string): Promise<FaultyProxy> {
    const proxy = new FaultyProxy(target);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  private constructor(target: string) {
    this.#target = new URL(target);
    this.#server = createServer((asked, answer) => this.#serve(asked, answer));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  #serve(asked: IncomingMessage, answer: ServerResponse): void {
    const { method = '', url = '' } = asked;
    this.requests.push({ method, path: url, headers: asked.headers });
    const fault = this.spoil(method, url);
    if (fault !== undefined) this.spoilt.set(fault, (this.spoilt.get(fault) ?? 0) + 1);
    if (fault === 'silent') asked.resume();
    else if (fault === 'busy') refuse(asked, answer, 503, 'SlowDown');
    else if (fault === 'fault in body') refuse(asked, answer, 200, 'InternalError');
    else this.#forward(asked, answer, fault);
  }

  #forward(asked: IncomingMessage, answer: ServerResponse, fault: ProxyFault | undefined): void {
    const { method, url, headers } = asked;
    const { hostname, port } = this.#target;
    // The host as it was asked for, because it is part of what is signed.
    const forwarded = request({ hostname, port, method, path: url, headers, agent: false }, received => {
      if (fault === 'answer lost') {
        received.resume();
        return;
      }
      answer.writeHead(received.statusCode ?? 502, received.headers);
      if (fault !== 'stalled') received.pipe(answer);
      else received.once('data', (chunk: Buffer) => answer.write(chunk.subarray(0, chunk.length - 1)));
    });
    forwarded.on('error', () => answer.destroy());
    answer.on('close', () => forwarded.destroy());
    asked.pipe(forwarded);
  }
}

/** Reads the request to its end first: an answer in the middle of a body breaks the connection. */
function refuse(asked: IncomingMessage, answer: ServerResponse, status: number, code: string): void {
  asked.resume().on('end', () => {
    answer.writeHead(status, { 'content-type': 'application/xml' });
    answer.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>Later.</Message></Error>`);
  });
}
