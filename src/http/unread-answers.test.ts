import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { Readable } from 'node:stream';
import { suite, type TestContext, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { fastify } from 'fastify';
import type { HttpApp } from './http-parts.ts';
import { dropUnreadAnswers } from './unread-answers.ts';

const patienceMs = 1_000;
/** More than the system keeps for a client that reads nothing. */
const answerBytes = 64 * 1_048_576;

async function ask(answer: () => unknown, t: TestContext) {
  const app: HttpApp = fastify({ forceCloseConnections: true });
  dropUnreadAnswers(app, patienceMs);
  const closed = Promise.withResolvers<'read' | 'cut off'>();
  app.get('/', async (_request, reply) => {
    reply.raw.once('close', () => closed.resolve(reply.raw.writableFinished ? 'read' : 'cut off'));
    return reply.send(answer());
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1');
  t.after(() => {
    socket.destroy();
    return app.close();
  });
  await once(socket, 'connect');
  socket.on('error', () => {});
  socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
  return { socket, closed: closed.promise };
}

suite('An answer', () => {
  test('that nobody reads is given up', async t => {
    const { socket, closed } = await ask(() => Buffer.alloc(answerBytes), t);
    socket.pause();
    assert.equal(await closed, 'cut off');
  });

  test('that is read slowly goes on for as long as that takes', async t => {
    const { socket, closed } = await ask(() => Buffer.alloc(answerBytes), t);
    const started = performance.now();
    let bytes = 0;
    socket.on('data', chunk => {
      bytes += chunk.length;
      if (bytes < answerBytes / 2) return;
      // The second half in pieces, each with a pause of its own.
      socket.pause();
      void setTimeout(20).then(() => socket.resume());
    });
    assert.equal(await closed, 'read');
    assert.ok(performance.now() - started > patienceMs);
  });

  test('in which nothing happens for long stays', async t => {
    const events = new Readable({ read() {} });
    const { socket, closed } = await ask(() => events, t);
    events.push('first');
    while (!String((await once(socket, 'data'))[0]).includes('first'));
    await setTimeout(2 * patienceMs);
    events.push('last');
    assert.match(String((await once(socket, 'data'))[0]), /last/);
    events.push(null);
    assert.equal(await closed, 'read');
  });
});
