import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import { keyParts } from '../../src/jobs/api-key.ts';
import { eventually } from '../support/eventually.ts';
import { launcher, start, tintype } from '../support/program.ts';
import { embedded, Service } from '../support/service.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

describe('tintype keys', () => {
  test('makes, lists and revokes keys beside a running service', async () => {
    await using service = await Service.start({ AUTH: 'keys' });
    const env = embedded(service.folder);
    const created = await tintype(['keys', 'create', '--owner', 'acme'], { env });
    const key = created.stdout.trim();
    const { id, secret } = keyParts(key) ?? {};
    assert.ok(id && secret, created.stdout + created.stderr);
    assert.match(created.stderr, /not shown again/);
    assert.equal(await status(service, key), 200);

    const admin = await tintype(['keys', 'create', '--owner', 'ops', '--admin', '--json'], { env });
    assert.equal(await status(service, JSON.parse(admin.stdout).key), 200);
    const list = await tintype(['keys', 'list'], { env });
    assert.match(list.stdout, new RegExp(`^${id}  acme   no     \\S+Z  \\S+Z +–$`, 'm'));
    assert.ok(!list.stdout.includes(secret));
    const { keys } = JSON.parse((await tintype(['keys', 'list', '--json'], { env })).stdout);
    assert.deepEqual(
      keys.map((each: { owner: string; admin: boolean }) => [each.owner, each.admin]),
      [
        ['acme', false],
        ['ops', true],
      ],
    );

    // A whole key is as good as its id, and is not repeated.
    const revoked = await tintype(['keys', 'revoke', key], { env });
    assert.equal(revoked.stdout, `Revoked ${id} of acme.\n`);
    await eventually(async () => (await status(service, key)) === 401, 'it works no more', 3_000);
    assert.match((await tintype(['keys', 'list'], { env })).stdout, new RegExp(`^${id} .*Z  \\S+Z$`, 'm'));
  });

  test('makes a key before there was any service', async () => {
    await using folder = await temporaryFolder();
    const env = embedded(folder.path);
    assert.match((await tintype(['keys', 'list'], { env })).stderr, /^There is no job store at /);
    assert.equal((await tintype(['keys', 'create', '--owner', 'acme'], { env })).code, 0);
    assert.match((await tintype(['keys', 'list'], { env })).stdout, /acme/);
    const unknown = await tintype(['keys', 'revoke', '0123456789abcdef'], { env });
    assert.deepEqual([unknown.code, unknown.stderr], [1, 'There is no key 0123456789abcdef.\n']);
  });

  for (const owner of ['../shared', 'Acme', '', 'a b']) {
    test(`refuses the owner '${owner}'`, async () => {
      await using folder = await temporaryFolder();
      const { code, stdout, stderr } = await tintype(['keys', 'create', '--owner', owner], {
        env: embedded(folder.path),
      });
      assert.deepEqual([code, stdout], [2, '']);
      assert.match(stderr, /is no name for an owner\. Accepted: /);
    });
  }
});

describe('a service that others can reach', () => {
  test('does not start without AUTH spelled out', async () => {
    await using folder = await temporaryFolder();
    for (const args of [
      ['serve', '--host', '0.0.0.0'],
      ['serve', '--host', '::'],
      ['serve', '--host', 'example.org'],
    ]) {
      const { code, stderr } = await tintype(args, { env: embedded(folder.path) });
      assert.equal(code, 78);
      assert.match(stderr, /HOST is '\S+', which others can reach, and AUTH is unset; accepted: AUTH=keys/);
    }
  });

  test('writes no key into its log, whatever is sent', async () => {
    await using folder = await temporaryFolder();
    const env = { ...embedded(folder.path), AUTH: 'keys', LOG_LEVEL: 'trace' };
    const created = await tintype(['keys', 'create', '--owner', 'acme'], { env });
    const key = created.stdout.trim();
    const secret = keyParts(key)?.secret ?? 'no key';
    const service = start('node', [launcher, 'serve'], { env });
    const log = text(service.stderr);
    const [line] = await once(createInterface({ input: service.stdout }), 'line');
    const url = /http:\S+/.exec(line)?.[0];
    const headers = { authorization: `Bearer ${key}`, 'x-request-id': key };
    const json = { ...headers, 'content-type': 'application/json' };
    const send = async (path: string, request: RequestInit = {}) => {
      const answer = await fetch(`${url}${path}`, { headers, ...request });
      return [answer.status, await answer.text()] as const;
    };
    const answers = [
      await send('/jobs'),
      await send(`/jobs/${key}`),
      await send(`/${key}?key=${key}`),
      await send(`/jobs?limit=x&cursor=${key}`),
      await send('/jobs', { headers: { authorization: `Bearer ${key}x` } }),
      await send('/jobs', { method: 'POST', headers: json, body: `{"${key}` }),
      await send('/jobs', {
        method: 'POST',
        headers: json,
        body: JSON.stringify({ source: { url: `http://${key}/` } }),
      }),
    ];
    assert.deepEqual(answers.map(([code]) => code).slice(0, 5), [200, 404, 404, 400, 401]);
    await eventually(
      async () => !(await send('/jobs'))[1].includes('"pending"'),
      'the attempt at the job is logged',
    );
    service.kill('SIGTERM');
    const lines = await log;
    assert.ok(lines.includes('tt_'), 'the path of a request is logged, without the secret');
    assert.ok(!lines.includes(secret));
  });
});

async function status(service: Service, key: string): Promise<number> {
  const answer = await fetch(`${service.url}/jobs`, { headers: { authorization: `Bearer ${key}` } });
  await answer.body?.cancel();
  return answer.status;
}
