import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { Agent, type IncomingMessage, request } from 'node:http';
import type { Socket } from 'node:net';
import { type HttpService, pngOf, startHttpService } from '../support/http-service.ts';
import { fault } from './fault.ts';

const limit = 1_048_576;
const atOnce = 10;
/** Headers, boundaries and the sizes of chunks, which are not the file's. */
const framingBytes = 1024;

const row = {
  row: '16',
  fault: 'uploads over the limit, with and without Content-Length, on connections that are kept alive',
  mustShow: 'each answered 413, at most the limit and 64 KiB read',
  inTests: { uploads: 40 },
  full: { uploads: 500 },
};

/** In this process, because only here the server's side of each connection can be counted. */
fault(row, async ({ uploads }, report, t) => {
  const service = await startHttpService({ maxUploadBytes: limit });
  const agent = new Agent({ keepAlive: true, maxSockets: atOnce });
  t.after(async () => {
    agent.destroy();
    await service.stop();
  });
  const reads = countReads();
  t.after(() => reads.stop());
  const body = overTheLimit();
  const statuses: number[] = [];
  for (let done = 0; done < uploads; done += atOnce) {
    const batch = Array.from({ length: atOnce }, (_, index) =>
      post(service, agent, body, (done + index) % 2 === 0),
    );
    statuses.push(...(await Promise.all(batch)));
  }
  assert.deepEqual([...new Set(statuses)], [413]);
  assert.equal(statuses.length, uploads);
  const most = Math.max(...reads.bytes());
  assert.equal(reads.bytes().length, uploads);
  assert.ok(most <= limit + 65_536 + framingBytes, `${most - limit} bytes beyond the limit`);
  assert.equal((await service.files()).length, 0);
  report('uploads', uploads);
  report('refused', statuses.length);
  report('mostBytesReadBeyondTheLimit', most - limit);
});

function overTheLimit(): Buffer {
  return Buffer.concat([
    Buffer.from('--b\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n\r\n'),
    pngOf(4 * limit),
    Buffer.from('\r\n--b--\r\n'),
  ]);
}

/** Resolves to the status; whether the rest can still be sent then does not matter. */
function post({ url }: HttpService, agent: Agent, body: Buffer, isAnnounced: boolean): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const sent = request(`${url}/jobs`, {
    method: 'POST',
    agent,
    headers: {
      'content-type': 'multipart/form-data; boundary=b',
      ...(isAnnounced && { 'content-length': body.length }),
    },
  });
  let answered = false;
  sent.on('response', response => {
    answered = true;
    response.resume();
    response.on('close', () => resolve(response.statusCode ?? 0));
  });
  sent.on('error', error => {
    if (!answered) reject(error);
  });
  for (let at = 0; at < body.length; at += 65_536) sent.write(body.subarray(at, at + 65_536));
  sent.end();
  return promise;
}

/** What the server reads of each request, head and all, by the counters of its connections. */
function countReads() {
  const requests: { socket: Socket; before: number; until?: number }[] = [];
  const bytesBefore = new Map<Socket, number>();
  const onStart = (message: unknown) => {
    const { socket } = message as { socket: Socket; request: IncomingMessage };
    const last = requests.findLast(one => one.socket === socket);
    if (last !== undefined) last.until = bytesBefore.get(socket) ?? 0;
    requests.push({ socket, before: last?.until ?? 0 });
  };
  const onFinish = (message: unknown) => {
    const { socket } = message as { socket: Socket };
    bytesBefore.set(socket, socket.bytesRead);
  };
  subscribe('http.server.request.start', onStart);
  subscribe('http.server.response.finish', onFinish);
  return {
    bytes: () => requests.map(({ socket, before, until }) => (until ?? socket.bytesRead) - before),
    stop() {
      unsubscribe('http.server.request.start', onStart);
      unsubscribe('http.server.response.finish', onFinish);
    },
  };
}
