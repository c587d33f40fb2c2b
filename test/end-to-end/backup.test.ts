import assert from 'node:assert/strict';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { photo } from '../support/photo.ts';
import { type Ended, tintype } from '../support/program.ts';
import { PostgresServer } from '../support/servers/postgres.ts';
import { realServer } from '../support/servers/real-server.ts';
import { s3Environment } from '../support/servers/s3-server.ts';
import { startVersitygw } from '../support/servers/versitygw.ts';
import { embedded, Service } from '../support/service.ts';
import { answersOf, type ServiceAnswers } from '../support/service-answers.ts';
import { found } from '../support/stored-jobs.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { startReceiver, verified, type WebhookReceiver } from '../support/webhook-receiver.ts';

type Environment = Record<string, string>;
// biome-ignore lint/suspicious/noExplicitAny: the tests say what must be in it
type Json = any;

const image = await photo(600, 400).jpeg().toBuffer();
const patienceMs = 120_000;
const settings = {
  AUTH: 'keys',
  RATE_LIMIT: '0',
  SECRETS_KEY: 'cd'.repeat(32),
  ALLOW_PRIVATE_ADDRESSES: '127.0.0.0/8',
};
/** The environment says where a service keeps everything. */
const unowned = '';
const postgres = await realServer('a restore on Postgres', () => PostgresServer.start());
const s3 = await realServer('a restore on S3', startVersitygw);

after(() => Promise.all([postgres?.[Symbol.asyncDispose](), s3?.[Symbol.asyncDispose]()]));

if (postgres !== undefined && s3 !== undefined) {
  describe('a backup of a service that is moved to other engines', () => {
    it('answers the same on Postgres and S3, and back on SQLite and a folder', async () => {
      await using home = await temporaryFolder();
      await using receiver = await startReceiver();
      const here = embeddedIn(home.path);
      const there = {
        ...here,
        DATABASE_URL: await postgres.createDatabase('moved'),
        ...s3Environment(s3),
      };
      const key = await adminKey(here);
      const secret = await useService(here, key, receiver);
      await isMoved(here, there, key);

      const told = receiver.calls.length;
      const service = await Service.start(there, unowned);
      const id = await submit(service, key);
      const call = found((await receiver.received(told + 1, patienceMs)).at(-1));
      assert.equal(verified(call, secret).data.id, id, 'it is signed with the secret of before');
      await allTold(service, key);
      // On Postgres the first event behind the gap that a restore leaves is told five seconds late.
      const events = async () => (await answersOf(service, key)).jobs[id]?.events ?? [];
      await eventually(async () => (await events()).length === 3, 'its events are told', patienceMs);
      await service.end('SIGTERM');
      await isMoved(there, embeddedIn(path.join(home.path, 'back')), key);
    });
  });
}

const databases: [name: string, database: () => Promise<Environment>][] = [['SQLite', async () => ({})]];
if (postgres !== undefined) {
  databases.push(['Postgres', async () => ({ DATABASE_URL: await postgres.createDatabase('loaded') })]);
}

describe('a backup beside a service at work', () => {
  for (const [name, database] of databases) {
    it(`holds all that was accepted before, and what was under way is done after a restore (${name})`, async () => {
      await using home = await temporaryFolder();
      const env = { ...embeddedIn(path.join(home.path, 'before')), ...(await database()) };
      const key = await adminKey(env);
      await using service = await Service.start(env, unowned);
      let isLoaded = true;
      const accepted: string[] = [];
      const load = Array.from({ length: 4 }, async (_, lane) => {
        // Some expire while the backup is made.
        while (isLoaded) accepted.push(await submit(service, key, lane === 0 ? { retention: '1s' } : {}));
      });
      const folder = path.join(home.path, 'backup');
      let before: string[] = [];
      let backup: Ended;
      try {
        const ended = async () => (await list(service, key, 'complete')).length;
        await eventually(async () => (await ended()) >= 10, 'some are done', patienceMs);
        before = [...accepted];
        backup = await tintype(['backup', folder, '--json'], { env });
      } finally {
        isLoaded = false;
        await Promise.allSettled(load);
      }
      const made = JSON.parse(succeeded(backup));
      const refused = await tintype(['restore', folder], { env });
      assert.deepEqual([refused.code, refused.stdout], [1, '']);
      assert.match(refused.stderr, /Another `tintype serve`|stop every service/);
      // With all that came later.
      await service.end('SIGKILL');
      assert.equal(made.missing, 0);

      const restored = embeddedIn(path.join(home.path, 'after'));
      succeeded(await tintype(['restore', folder], { env: restored }));
      await using again = await Service.start({ ...restored, LEASE_SECONDS: '2' }, unowned);
      const unfinished = async () =>
        (await list(again, key, 'pending')).length + (await list(again, key, 'processing')).length;
      await eventually(async () => (await unfinished()) === 0, 'all are done', patienceMs);
      const answers = await answersOf(again, key);
      assert.equal(answers.list.length, made.jobs);
      for (const id of before) assert.ok(answers.jobs[id], 'it was accepted before');
      for (const { view, images } of Object.values(answers.jobs)) {
        if (view.status === 'expired') continue;
        assert.equal(view.status, 'complete');
        assert.equal(images.thumb, view.outputs[0].sha256);
      }
    });
  }
});

/** The backup of one service, restored for another. */
async function isMoved(from: Environment, to: Environment, key: string): Promise<void> {
  await using target = await temporaryFolder();
  const answers = await answersWhileIdle(from, key);
  const folder = path.join(target.path, 'backup');
  const made = JSON.parse(succeeded(await tintype(['backup', folder, '--json'], { env: from })));
  assert.deepEqual([made.jobs, made.missing], [answers.list.length, 0]);
  const restored = await tintype(['restore', folder, '--json'], { env: to });
  assert.deepEqual(JSON.parse(succeeded(restored)), made);
  assert.match(restored.stderr, /SECRETS_KEY/);
  const keys = async (env: Environment) => succeeded(await tintype(['keys', 'list'], { env }));
  assert.equal(await keys(to), await keys(from));
  assert.deepEqual(await answersWhileIdle(to, key), answers);
  const again = await tintype(['restore', folder], { env: to });
  assert.deepEqual([again.code, again.stdout], [78, '']);
}

/** Leaves jobs that ended in every way, one that waits, and what was told of them. Resolves to the signing secret. */
async function useService(env: Environment, key: string, receiver: WebhookReceiver): Promise<string> {
  await using service = await Service.start(env, unowned);
  const endpoint = { url: receiver.url, events: ['job.complete', 'job.failed', 'job.cancelled'] };
  const { secret } = await ask(service, key, 'POST', '/webhook-endpoints', endpoint);
  const outputs = [
    { name: 'small', size: '100x100' },
    { name: 'web', width: 300, format: 'webp' },
  ];
  for (let count = 0; count < 6; count += 1) {
    await submit(service, key, { outputs, class: 'album', metadata: { count, text: 'a\u2028b' } });
  }
  await submit(service, key, {}, image.subarray(0, image.length / 2));
  await submit(service, key, { retention: '1s' });
  const later = { notBefore: new Date(Date.now() + 86_400_000).toISOString() };
  await submit(service, key, later);
  await ask(service, key, 'DELETE', `/jobs/${await submit(service, key, later)}`);
  await receiver.received(9, patienceMs);
  for (const status of ['complete', 'failed', 'expired', 'cancelled', 'pending']) {
    await eventually(async () => (await list(service, key, status)).length > 0, status, patienceMs);
  }
  await allTold(service, key);
  return secret;
}

async function allTold(service: Service, key: string): Promise<void> {
  const pending = async () => (await ask(service, key, 'GET', '/deliveries?status=pending')).deliveries;
  await eventually(async () => (await pending()).length === 0, 'all is told', patienceMs);
}

async function answersWhileIdle(env: Environment, key: string): Promise<ServiceAnswers> {
  await using service = await Service.start(env, unowned);
  return await answersOf(service, key);
}

async function submit(
  service: Service,
  key: string,
  job: object = {},
  bytes: Uint8Array = image,
): Promise<string> {
  const form = new FormData();
  form.append('image', new Blob([new Uint8Array(bytes)]), 'photo.jpg');
  form.append('job', JSON.stringify(job));
  return (await ask(service, key, 'POST', '/jobs', form)).id;
}

async function list(service: Service, key: string, status: string): Promise<Json[]> {
  return (await ask(service, key, 'GET', `/jobs?limit=200&status=${status}`)).jobs;
}

async function ask(
  { url }: Service,
  key: string,
  method: string,
  place: string,
  body?: object,
): Promise<Json> {
  const answer = await fetch(`${url}${place}`, {
    method,
    headers: {
      authorization: `Bearer ${key}`,
      ...(body && !(body instanceof FormData) && { 'content-type': 'application/json' }),
    },
    ...(body && { body: body instanceof FormData ? body : JSON.stringify(body) }),
  });
  assert.ok(answer.ok, `${method} ${place}: ${answer.status}`);
  return answer.json();
}

async function adminKey(env: Environment): Promise<string> {
  return succeeded(await tintype(['keys', 'create', '--owner', 'acme', '--admin'], { env })).trim();
}

function embeddedIn(folder: string): Environment {
  return { ...embedded(folder), ...settings };
}

function succeeded({ code, stdout, stderr }: Ended): string {
  assert.equal(code, 0, stderr);
  return stdout;
}
