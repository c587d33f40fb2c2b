import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { suite, test } from 'node:test';
import { fastify } from 'fastify';
import type { HttpApp } from './http-parts.ts';
import { refuseSlowBodies } from './least-rate.ts';

const windowSeconds = 2;

async function listening(body: (request: AsyncIterable<Buffer>) => Promise<unknown>) {
  const lines: string[] = [];
  const stream = new Writable({
    write(line, _encoding, done) {
      lines.push(String(line));
      done();
    },
  });
  const app: HttpApp = fastify({ logger: { level: 'warn', stream }, forceCloseConnections: true });
  app.addContentTypeParser('x/bytes', (_request, _payload, done) => done(null));
  refuseSlowBodies(app, windowSeconds);
  app.post('/', async request => body(request.raw));
  await app.listen({ host: '127.0.0.1', port: 0 });
  return { app, lines, port: (app.server.address() as AddressInfo).port };
}

async function readAll(body: AsyncIterable<Buffer>) {
  let bytes = 0;
  for await (const chunk of body) bytes += chunk.length;
  return { bytes };
}

function post(port: number, type: string, length: number) {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  socket.write(
    `POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: ${type}\r\nContent-Length: ${length}\r\n\r\n`,
  );
  return socket;
}

suite('The least rate of a body', () => {
  for (const type of ['x/bytes', 'application/json']) {
    test(`answers 408 to ${type} that trickles in`, async t => {
      const { app, lines, port } = await listening(readAll);
      t.after(() => app.close());
      const socket = post(port, type, 10_000);
      const trickle = setInterval(() => socket.write(' '), 100);
      const answer = await text(socket);
      clearInterval(trickle);
      assert.match(answer, /^HTTP\/1.1 408 /);
      assert.deepEqual(lines, []);
    });
  }

  test('takes a body that comes at a steady 2 KiB a second, however long that takes', async t => {
    const { app, port } = await listening(readAll);
    t.after(() => app.close());
    const socket = post(port, 'x/bytes', 10_240);
    const answer = text(socket);
    for (let sent = 0; sent < 10_240; sent += 1024) {
      socket.write(Buffer.alloc(1024));
      await new Promise(resolve => setTimeout(resolve, 500));
    }
    assert.match(await answer, /^HTTP\/1.1 200 .*"bytes":10240/s);
  });

  test('does not take our own slowness for the client’s', async t => {
    const { promise: goOn, resolve } = Promise.withResolvers<void>();
    const { app, port } = await listening(async body => {
      await goOn;
      return readAll(body);
    });
    t.after(() => app.close());
    const socket = post(port, 'x/bytes', 1_000_000);
    const answer = text(socket);
    socket.write(Buffer.alloc(1_000_000));
    setTimeout(resolve, (windowSeconds + 2) * 1000);
    assert.match(await answer, /^HTTP\/1.1 200 .*"bytes":1000000/s);
    if (!socket.closed) await once(socket, 'close');
  });
});
