import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import path from 'node:path';

const fixtures = path.join(import.meta.dirname, '..', 'fixtures');

/** The certificate of `startHttps`, for 127.0.0.1 and localhost; no one's list of authorities has it. */
export const certificate = await readFile(path.join(fixtures, 'loopback-certificate.pem'), 'utf8');

/** A server on a loopback address that counts who comes. */
export interface CountingServer extends AsyncDisposable {
  /** With no slash at its end. */
  readonly url: string;
  readonly port: number;
  /** Connections so far. */
  readonly connections: number;
}

export function startHttp(
  listener: RequestListener,
  address = '127.0.0.1',
  port = 0,
): Promise<CountingServer> {
  return listen(createServer(listener), 'http', address, port);
}

export async function startHttps(listener: RequestListener): Promise<CountingServer> {
  const key = await readFile(path.join(fixtures, 'loopback-key.pem'));
  return listen(createTlsServer({ key, cert: certificate }, listener), 'https', '127.0.0.1', 0);
}

async function listen(
  server: Server,
  scheme: string,
  address: string,
  port: number,
): Promise<CountingServer> {
  let connections = 0;
  server.on('connection', () => connections++);
  server.listen(port, address);
  await once(server, 'listening');
  const bound = (server.address() as AddressInfo).port;
  return {
    url: `${scheme}://${address}:${bound}`,
    port: bound,
    get connections() {
      return connections;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
