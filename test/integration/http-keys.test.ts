import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { before, suite, test } from 'node:test';
import { openSqlite } from '../../src/job-store/sqlite/sqlite.ts';
import { freshKey } from '../../src/jobs/api-key.ts';
import { type Caller, newCaller, startServiceWithKeys } from '../support/callers.ts';
import { eventually } from '../support/eventually.ts';
import { ask, postJob, refuses, submitJob } from '../support/http-requests.ts';
import { form, type HttpService, pngOf, rawConnection } from '../support/http-service.ts';
import { suiteService } from '../support/suite-service.ts';

suite('A server with AUTH=keys', () => {
  const service = suiteService(startServiceWithKeys);
  let ann: Caller['headers'];
  let bob: Caller['headers'];
  let root: Caller['headers'];

  before(async () => {
    ann = (await newCaller(service, 'ann')).headers;
    bob = (await newCaller(service, 'bob')).headers;
    root = (await newCaller(service, 'root', true)).headers;
  });

  test('answers 401 without a key, with a wrong one and with none of ours', async () => {
    const { text } = freshKey();
    const right = ann.authorization;
    const wrongSecret = `${right.slice(0, -1)}${right.endsWith('A') ? 'E' : 'A'}`;
    for (const authorization of [
      undefined,
      '',
      'Bearer',
      `Bearer ${text}`,
      wrongSecret,
      'Basic YTpi',
      'Bearer x y',
    ]) {
      const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
      for (const path of ['/jobs', '/jobs/1', '/events', '/thumbnails/thumb_a.jpg', '/nothing']) {
        const answer = await ask(service, 'GET', path, headers);
        assert.deepEqual(
          [answer.status, answer.json().code],
          [401, 'unauthenticated'],
          `${authorization} ${path}`,
        );
        assert.match(answer.headers.get('www-authenticate') ?? '', /^Bearer realm="tintype"/);
        assert.ok(!answer.text.includes(text));
      }
    }
    await refuses(postJob(service, form(['image', pngOf(200_000), 'a.png'])), 401, 'unauthenticated');
    assert.deepEqual(await service.files(), []);
  });

  test("takes the scheme's name in any case", async () => {
    const authorization = ann.authorization.replace('Bearer', 'bEARER');
    assert.equal((await ask(service, 'GET', '/jobs', { authorization })).status, 200);
  });

  test('leaves health, documentation and the start page open, and nothing else', async () => {
    for (const path of [
      '/health/live',
      '/health/ready',
      '/ping',
      '/docs',
      '/docs/static/index.css',
      '/openapi.json',
    ]) {
      assert.equal((await ask(service, 'GET', path)).status, 200, path);
    }
    assert.equal((await ask(service, 'GET', '/')).status, 302);
    const document = (await ask(service, 'GET', '/openapi.json')).json();
    assert.deepEqual(document.security, [{ key: [] }]);
    assert.equal(document.components.securitySchemes.key.scheme, 'bearer');
    for (const [path, methods] of Object.entries<Record<string, { security?: unknown[] }>>(document.paths)) {
      for (const [method, { security }] of Object.entries(methods)) {
        const isOpen = security?.length === 0;
        const asked = path.replaceAll(/\{\w+\}/g, 'x');
        const { status } = await ask(service, method.toUpperCase(), asked, { 'x-forwarded-for': '10.0.0.1' });
        assert.equal(status === 401, !isOpen, `${method} ${path}: ${status}`);
      }
    }
  });

  test("shows an owner its own jobs alone; another's are not there", async () => {
    const job = await submitJob(service, {}, ann);
    assert.equal(job.owner, 'ann');
    await service.complete(await service.claim());
    const own = [`/jobs/${job.id}`, `/jobs/${job.id}/outputs/thumb`, `/thumbnails/thumb_a.jpg`];
    for (const path of [...own, `/jobs/${job.id}/events`]) {
      assert.equal((await ask(service, 'GET', path, ann)).status, 200, path);
      const other = await ask(service, 'GET', path, bob);
      assert.deepEqual([other.status, other.json().code], [404, 'not-found'], path);
    }
    for (const [method, path] of [
      ['DELETE', `/jobs/${job.id}`],
      ['POST', `/jobs/${job.id}/retry`],
    ] as const) {
      assert.equal((await ask(service, method, path, ann)).status, 409);
      const unknown = await ask(service, method, path.replace(job.id, job.id.replace(/.$/, '0')), bob);
      const other = await ask(service, method, path, bob);
      assert.deepEqual([other.status, other.json().detail], [404, unknown.json().detail]);
    }
    assert.deepEqual((await ask(service, 'GET', '/jobs', bob)).json(), { jobs: [], nextCursor: null });
    const filtered = '/jobs?status=complete&from=2020-01-01T00:00:00Z';
    assert.deepEqual((await ask(service, 'GET', filtered, bob)).json().jobs, []);
    assert.deepEqual(idsOf((await ask(service, 'GET', '/jobs', ann)).json()), [job.id]);
  });

  test("takes an owner's own objects as sources, not another's", async () => {
    await service.objects.put('imports/ann/a.png', Readable.from([pngOf(2_000)]));
    const request = { source: { object: 'imports/ann/a.png' } };
    const { id } = await submitJob(service, request, ann);
    for (const other of [bob, root]) await refuses(postJob(service, request, other), 404, 'not-found');
    await ask(service, 'DELETE', `/jobs/${id}`, ann);
  });

  test("an admin sees and changes everybody's jobs, and submits its own", async () => {
    const anns = await submitJob(service, { class: 'admin-test' }, ann);
    const own = await submitJob(service, { class: 'admin-test' }, root);
    assert.equal(own.owner, 'root');
    const list = (await ask(service, 'GET', '/jobs?class=admin-test', root)).json();
    assert.deepEqual(idsOf(list), [own.id, anns.id]);
    assert.equal((await ask(service, 'GET', `/jobs/${anns.id}`, root)).status, 200);
    assert.equal((await ask(service, 'DELETE', `/jobs/${anns.id}`, root)).json().status, 'cancelled');
    assert.equal((await ask(service, 'GET', `/jobs/${own.id}`, ann)).status, 404);
    await ask(service, 'DELETE', `/jobs/${own.id}`, root);
  });

  test("tells an owner of its own jobs' events alone, an admin of all", async t => {
    const heard = { ann: new Set<string>(), bob: new Set<string>(), root: new Set<string>() };
    for (const [name, headers] of Object.entries({ ann, bob, root })) {
      const stop = await follow(service, headers, id => heard[name as keyof typeof heard].add(id));
      t.after(stop);
    }
    const [anns, bobs] = [await submitJob(service, {}, ann), await submitJob(service, {}, bob)];
    await eventually(() => heard.root.has(anns.id) && heard.root.has(bobs.id), 'the admin hears of both');
    await eventually(() => heard.ann.size > 0 && heard.bob.size > 0, 'the owners hear of theirs');
    assert.deepEqual([...heard.ann], [anns.id]);
    assert.deepEqual([...heard.bob], [bobs.id]);
    // The log from its beginning, too.
    const replayed = new Set<string>();
    t.after(await follow(service, { ...bob, 'last-event-id': '0' }, id => replayed.add(id)));
    await eventually(() => replayed.has(bobs.id), 'the past is told');
    assert.deepEqual([...replayed], [bobs.id]);
    for (const [id, caller] of [
      [anns.id, ann],
      [bobs.id, bob],
    ] as const)
      await ask(service, 'DELETE', `/jobs/${id}`, caller);
  });

  test('gives metrics to a key or to a caller on this machine', async () => {
    assert.equal((await ask(service, 'GET', '/metrics')).status, 200);
    assert.equal((await ask(service, 'GET', '/metrics', ann)).status, 200);
    for (const header of ['x-forwarded-for', 'forwarded', 'via', 'x-real-ip']) {
      assert.equal((await ask(service, 'GET', '/metrics', { [header]: '127.0.0.1' })).status, 401, header);
      assert.equal(
        (await ask(service, 'GET', '/metrics', { [header]: '10.0.0.1', ...ann })).status,
        200,
        header,
      );
    }
    assert.equal((await ask(service, 'GET', '/metrics', { origin: 'https://evil.example' })).status, 403);
    assert.equal((await ask(service, 'GET', '/metrics', { authorization: 'Bearer x' })).status, 401);
  });

  test('a key that is revoked by another process stops working, and ends what is still being answered', async t => {
    const { keyId, headers } = await newCaller(service, 'carl');
    assert.equal((await ask(service, 'GET', '/jobs', headers)).status, 200);
    const stream = await fetch(`${service.url}/events`, { headers });
    const ended = stream.text().then(
      () => 'whole',
      () => 'cut',
    );
    const other = await openSqlite({ file: service.databaseFile, exclusive: false });
    t.after(() => other.close());
    await other.keys.revoke(keyId);
    const revoked = performance.now();
    await eventually(
      async () => (await ask(service, 'GET', '/jobs', headers)).status === 401,
      'it is refused',
      3_000,
    );
    assert.equal(await ended, 'cut');
    t.diagnostic(`refused and cut after ${Math.round(performance.now() - revoked)} ms`);
  });

  test('notes when a key was used', async () => {
    const { keyId, headers } = await newCaller(service, 'dora');
    assert.equal((await service.stores.keys.find(keyId))?.lastUsedAt, undefined);
    await ask(service, 'GET', '/jobs', headers);
    await eventually(async () => (await service.stores.keys.find(keyId))?.lastUsedAt, 'its use is noted');
  });

  test('has no CORS: a page of another origin may read nothing', async () => {
    const preflight = { origin: 'https://evil.example', 'access-control-request-method': 'POST' };
    const answers = [
      await ask(service, 'OPTIONS', '/jobs', preflight),
      await ask(service, 'GET', '/ping', preflight),
    ];
    for (const { headers } of answers) assert.equal(headers.get('access-control-allow-origin'), null);
    assert.equal(answers[0]?.status, 401);
  });

  test('refuses a request with two Host headers', async () => {
    const socket = await rawConnection(service);
    socket.write(`GET /ping HTTP/1.1\r\nHost: localhost\r\nhOST: evil.example\r\n\r\n`);
    const [answer] = await once(socket, 'data');
    socket.destroy();
    assert.match(String(answer), /^HTTP\/1\.1 400 /);
  });
});

function idsOf({ jobs }: { jobs: { id: string }[] }): string[] {
  return jobs.map(({ id }) => id);
}

/** Calls `hear` with the job of each event; resolves, once it listens, to the way to stop it. */
async function follow(service: HttpService, headers: Record<string, string>, hear: (id: string) => void) {
  const leave = new AbortController();
  const answer = await fetch(`${service.url}/events`, { headers, signal: leave.signal });
  assert.equal(answer.status, 200);
  const read = async () => {
    let text = '';
    for await (const chunk of answer.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += chunk;
      for (const [, id] of text.matchAll(/^data: \{"id":"([0-9a-f-]{36})".*\n\n/gm)) hear(id ?? '');
    }
  };
  read().catch(() => {});
  return () => leave.abort();
}
