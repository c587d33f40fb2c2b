import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { freshKey } from '../../src/jobs/api-key.ts';
import { newCaller, startServiceWithKeys } from '../support/callers.ts';
import { ask, postJob } from '../support/http-requests.ts';
import { form, pngOf } from '../support/http-service.ts';

suite('The rate limit', () => {
  test('counts the requests of an owner, whatever its keys, and no other owner', async t => {
    const service = await startServiceWithKeys(5);
    t.after(() => service.stop());
    const [first, second] = [await newCaller(service, 'ann'), await newCaller(service, 'ann')];
    const other = await newCaller(service, 'bob');
    for (const remaining of ['4', '3', '2', '1', '0']) {
      const { headers } = remaining === '0' ? second : first;
      const answer = await ask(service, 'GET', '/jobs', headers);
      assert.equal(answer.status, 200);
      assert.equal(answer.headers.get('ratelimit-limit'), '5');
      assert.equal(answer.headers.get('ratelimit-remaining'), remaining);
      assert.ok(Number(answer.headers.get('ratelimit-reset')) <= 60);
    }
    for (const path of ['/jobs', '/nothing', '/events']) {
      const refused = await ask(service, 'GET', path, second.headers);
      assert.deepEqual([refused.status, refused.json().code], [429, 'rate-limited'], path);
      assert.match(refused.headers.get('retry-after') ?? '', /^[1-9]\d?$/);
      assert.equal(refused.headers.get('ratelimit-remaining'), '0');
    }
    const upload = await postJob(service, form(['image', pngOf(100_000), 'a.png']), first.headers);
    assert.equal(upload.status, 429);
    assert.equal((await ask(service, 'GET', '/jobs', other.headers)).status, 200);
    assert.equal((await ask(service, 'GET', '/ping')).status, 200);
  });

  test('slows down who tries keys, and nobody with a right one', async t => {
    const service = await startServiceWithKeys(0);
    t.after(() => service.stop());
    const { headers } = await newCaller(service, 'ann');
    const counts: Record<number, number> = {};
    for (let i = 0; i < 150; i++) {
      const { status } = await ask(service, 'GET', '/jobs', { authorization: `Bearer ${freshKey().text}` });
      counts[status] = (counts[status] ?? 0) + 1;
    }
    assert.deepEqual(counts, { 401: 100, 429: 50 });
    const right = await ask(service, 'GET', '/jobs', headers);
    assert.deepEqual([right.status, right.headers.get('ratelimit-limit')], [200, null]);
  });
});
