import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { after, describe, it } from 'node:test';
import { EventReader } from '../support/event-stream.ts';
import { eventually } from '../support/eventually.ts';
import { photo } from '../support/photo.ts';
import { launcher, start, tintype } from '../support/program.ts';
import { startPgBouncer } from '../support/servers/pgbouncer.ts';
import { PostgresServer } from '../support/servers/postgres.ts';
import { realServer } from '../support/servers/real-server.ts';
import { embedded, Service } from '../support/service.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const server = await realServer('a service on Postgres', () => PostgresServer.start());
const secretsKey = { SECRETS_KEY: 'ab'.repeat(32) };
const image = await photo(600, 400).jpeg().toBuffer();

if (server !== undefined) {
  describe('a service on Postgres', () => {
    after(() => server[Symbol.asyncDispose]());

    it('is split by roles over processes, and the command line works beside them', async () => {
      await using folder = await temporaryFolder();
      const env = onPostgres(folder.path, await server.createDatabase('split'));
      const key = (await tintype(['keys', 'create', '--owner', 'acme'], { env })).stdout.trim();
      const roles = ['api', 'worker', 'deliveries,sweeper'];
      // At once, so that they meet at the migrations.
      const [api, ...others] = await Promise.all(
        roles.map(ROLES => Service.start({ ...env, ROLES, AUTH: 'keys' }, folder.path)),
      );
      assert(api !== undefined);
      try {
        const id = await submit(api, key);
        const list = () => tintype(['jobs', 'list', '--json'], { env });
        const isComplete = async () => /"status": "complete"/.test((await list()).stdout);
        await eventually(isComplete, 'the worker has made it', 60_000);
        assert.match((await tintype(['jobs', 'show', id], { env })).stdout, /complete/);
        assert.equal((await tintype(['migrate'], { env })).stdout, 'Up to date.\n');
        assert.equal((await tintype(['keys', 'revoke', key], { env })).code, 0);
      } finally {
        for (const service of [api, ...others]) await service.end('SIGTERM');
      }
      assert.deepEqual(
        [api, ...others].map(service => service.process.exitCode),
        [0, 0, 0],
      );
    });

    it('tells how a process is that has not the role api, where it has a port for that', async () => {
      await using folder = await temporaryFolder();
      const env = onPostgres(folder.path, await server.createDatabase('health'));
      const started = async (PORT: string) => {
        const service = start('node', [launcher, 'serve', '--roles', 'worker,sweeper'], {
          env: { ...env, PORT },
        });
        service.stderr.resume();
        const [line] = (await once(service.stdout, 'data')) as [Buffer];
        return { service, line: String(line) };
      };
      const first = await started('0');
      const [, url = ''] =
        /^Tintype is at work as worker, sweeper; (http:\S+)\/health\/ready tells/.exec(first.line) ?? [];
      assert.deepEqual(await (await fetch(`${url}/health/ready`)).json(), {
        status: 'ok',
        parts: { jobStore: null, objectStore: null, jobQueue: null },
      });
      assert.match(await (await fetch(`${url}/metrics`)).text(), /^tintype_jobs\{status="pending"\} 0$/m);
      for (const path of ['/jobs', '/docs', '/uploads']) {
        assert.equal((await fetch(url + path)).status, 404, path);
      }
      // Its port is taken, which is no reason not to work.
      const second = await started(new URL(url).port);
      assert.equal(second.line, 'Tintype is at work as worker, sweeper\n');
      for (const { service } of [first, second]) {
        const ended = once(service, 'exit');
        service.kill('SIGTERM');
        assert.deepEqual(await ended, [0, null]);
      }
    });

    it('waits at its start for a database server that comes later', async () => {
      await using folder = await temporaryFolder();
      const url = await server.createDatabase('late');
      await server.end('SIGINT');
      const env = onPostgres(folder.path, url);
      const { code, stderr } = await tintype(['jobs', 'list'], { env });
      assert.equal(code, 1);
      assert.match(stderr, /not available at the moment\. \(connect ECONNREFUSED/);
      const stopped = start('node', [launcher, 'serve'], { env });
      const [line] = await once(stopped.stderr.setEncoding('utf8'), 'data');
      assert.match(line, /the start waits for it/);
      const gone = once(stopped, 'exit');
      stopped.kill('SIGTERM');
      assert.deepEqual(await gone, [1, null]);

      const starting = Service.start(env, folder.path);
      await server.startAgain();
      await using service = await starting;
      assert.equal((await fetch(`${service.url}/health/ready`)).status, 200);
    });

    it('works behind PgBouncer with transaction pooling, and asks for the direct address', async t => {
      const pooler = await realServer('a service behind PgBouncer', () => startPgBouncer(server));
      if (pooler === undefined) return;
      t.after(() => pooler[Symbol.asyncDispose]());
      await using folder = await temporaryFolder();
      const direct = await server.createDatabase('pooled');
      const env = { ...onPostgres(folder.path, pooler.url('pooled')), AUTH: 'off' };
      await using service = await Service.start({ ...env, DATABASE_DIRECT_URL: direct }, folder.path);
      await using reader = await EventReader.open(`${service.url}/events`);
      await submit(service);
      const told = [];
      for (let event = await reader.next(); event !== undefined; event = await reader.next()) {
        if (event.event === 'status') told.push(event.data.status);
        if (event.data.status === 'complete') break;
      }
      assert.deepEqual(told, ['pending', 'processing', 'complete']);

      const indirect = start('node', [launcher, 'serve'], { env });
      const lines = createInterface({ input: indirect.stderr });
      for await (const line of lines) if (/behind a pooler: set DATABASE_DIRECT_URL/.test(line)) break;
      const gone = once(indirect, 'exit');
      indirect.kill('SIGTERM');
      await gone;
    });

    it('says what is wrong with its database', async () => {
      await using folder = await temporaryFolder();
      const url = await server.createDatabase('wrong');
      const ended = async (DATABASE_URL: string, command = 'serve') => {
        const { code, stderr } = await tintype([command], { env: onPostgres(folder.path, DATABASE_URL) });
        return `${code} ${stderr}`;
      };
      assert.match(await ended(url.replace('wrong', 'missing')), /^78 .*database "missing" does not exist/);
      assert.match(
        await ended(url.replace('postgres@', 'ann:swordfish@')),
        /^78 .*role "ann" does not exist/,
      );
      assert.match(await ended(`${url}?sslmode=require`), /^78 .*does not support SSL/);
      assert.match(await ended(`${url}?sslmode=verify-ca&sslrootcert=none.pem`), /^78 .*none\.pem/);
      const { stderr } = await tintype(['keys', 'list'], { env: onPostgres(folder.path, url) });
      assert.match(stderr, /^The job store has no tables yet/);
    });
  });
}

it('shows no password of a database', async () => {
  const url = 'postgres://ann:swordfish@db.example.org/images';
  const env = { DATABASE_URL: url, DATABASE_DIRECT_URL: `${url}?password=swordfish`, ...secretsKey };
  for (const flags of [[], ['--json']]) {
    const { code, stdout } = await tintype(['config', ...flags], { env });
    assert.equal(code, 0);
    assert.match(stdout, /postgres:\/\/ann:…@db\.example\.org\/images/);
    assert.doesNotMatch(stdout, /swordfish|abab/);
  }
});

function onPostgres(folder: string, DATABASE_URL: string): Record<string, string> {
  return { ...embedded(folder), ...secretsKey, DATABASE_URL };
}

async function submit({ url }: Service, key = ''): Promise<string> {
  const form = new FormData();
  form.append('image', new Blob([new Uint8Array(image)]), 'photo.jpg');
  const headers = key === '' ? {} : { authorization: `Bearer ${key}` };
  const answer = await fetch(`${url}/jobs`, { method: 'POST', body: form, headers });
  assert.equal(answer.status, 202);
  return ((await answer.json()) as { id: string }).id;
}
