import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { suite, test } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { ask } from '../support/http-requests.ts';
import { rawConnection, startHttpService } from '../support/http-service.ts';

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;

/** Resolves when the service has closed the connection, in whatever way. */
const cut = (socket: Socket) =>
  new Promise<void>(resolve =>
    socket
      .on('error', () => {})
      .once('close', () => resolve())
      .resume(),
  );

/** A service whose list of deliveries answers when it is told to; it counts the requests for it. */
async function startHeldService() {
  const held: (() => void)[] = [];
  const service = await startHttpService(({ deliveryLog }) => ({
    deliveryLog: {
      replay: (...what) => deliveryLog.replay(...what),
      async list() {
        await new Promise<void>(resolve => held.push(resolve));
        return { deliveries: [] };
      },
    },
  }));
  return { service, held };
}

suite('Requests that a client sends ahead on one connection', () => {
  test('are answered in their order, each once the one before is answered', async t => {
    const { service, held } = await startHeldService();
    const socket = await rawConnection(service);
    t.after(() => {
      socket.destroy();
      return service.stop();
    });
    let answers = '';
    socket.on('data', data => {
      answers += data;
    });
    socket.write(get('/deliveries').repeat(3) + get('/%') + get('/ping'));
    for (let request = 1; request <= 3; request += 1) {
      await eventually(() => held.length === request, `request ${request} is begun`);
      // Others are answered meanwhile, and what is behind this one waits.
      assert.equal((await ask(service, 'GET', '/ping')).status, 200);
      assert.equal(held.length, request);
      held.at(-1)?.();
    }
    await eventually(() => answers.endsWith('{"status":"ok"}'), 'all are answered');
    assert.deepEqual(answers.match(/(?<=HTTP\/1\.1 )\d+/g), ['200', '200', '200', '400', '200']);
  });

  for (const ahead of ['/deliveries', '/%', '/nothing']) {
    test(`cost the connection where they are more than eight, such as ${ahead}`, async t => {
      const { service, held } = await startHeldService();
      const socket = await rawConnection(service);
      t.after(() => service.stop());
      socket.write(get('/deliveries') + get(ahead).repeat(1_500));
      await cut(socket);
      assert.ok(held.length <= 1, `${held.length} were begun`);
      assert.equal((await ask(service, 'GET', '/ping')).status, 200);
    });
  }
});

test('GET /openapi.json is one text for all, and the pages of /docs use it', async t => {
  const service = await startHttpService();
  t.after(() => service.stop());
  const first = await ask(service, 'GET', '/openapi.json');
  assert.match(first.headers.get('content-type') ?? '', /^application\/json/);
  assert.equal((await ask(service, 'GET', '/openapi.json')).text, first.text);
  for (const path of ['/docs/json', '/docs/yaml']) {
    const { status, headers } = await ask(service, 'GET', path);
    assert.deepEqual([status, headers.get('location')], [302, '../openapi.json']);
  }
});

test('GET /health/ready asks the parts once for all who ask within a second', async t => {
  let checks = 0;
  const service = await startHttpService({
    readiness: async () => {
      checks += 1;
      return { jobStore: checks === 1 ? null : 'It is away.' };
    },
  });
  t.after(() => service.stop());
  const answers = await Promise.all(Array.from({ length: 50 }, () => ask(service, 'GET', '/health/ready')));
  assert.ok(answers.every(({ status }) => status === 200) && checks === 1, `${checks} checks`);
  await eventually(async () => (await ask(service, 'GET', '/health/ready')).status === 503, 'it asks again');
});
