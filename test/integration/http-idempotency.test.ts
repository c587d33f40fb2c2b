import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { QueueQuota } from '../../src/jobs/queue-quota.ts';
import { leavesNothing, postJob, refuses } from '../support/http-requests.ts';
import { form, pngOf, startHttpService } from '../support/http-service.ts';
import { suiteService } from '../support/suite-service.ts';

suite('Idempotency-Key', () => {
  const service = suiteService();

  const post = (key: string, body: FormData | object | string) =>
    postJob(service, body, { 'idempotency-key': key });
  const source = { url: 'http://images.invalid/a.jpg' };

  test('answers the same request with the same job, as it is now', async () => {
    const first = await post('json', { source, class: 'a', metadata: { b: 1, a: 'é' } });
    assert.equal(first.status, 202);
    await fetch(`${service.url}/jobs/${first.body.id}`, { method: 'DELETE' });
    const again = await post(
      'json',
      `{ "metadata": {"a": "\\u00e9", "b": 1.0}, "class": "a", "source": ${JSON.stringify(source)} }`,
    );
    assert.equal(again.status, 202);
    assert.equal(again.headers.get('location'), `/jobs/${first.body.id}`);
    assert.deepEqual([again.body.id, again.body.status], [first.body.id, 'cancelled']);
  });

  test('refuses another request under the key, also one that says the same in other words', async () => {
    await post('twice', { source });
    await refuses(
      post('twice', { source, priority: 'normal' }),
      422,
      'idempotency-key-reused',
      '/headers/idempotency-key',
    );
    await leavesNothing(service, () =>
      refuses(post('twice', form(['image', pngOf(2000), 'a.png'])), 422, 'idempotency-key-reused'),
    );
  });

  test('compares a file by its bytes, in whichever order the parts come', async () => {
    const job = '{"class":"x"}';
    const first = await post('file', form(['image', pngOf(300_000), 'a.png'], ['job', job]));
    assert.equal(first.status, 202);
    await leavesNothing(service, async () => {
      const again = await post('file', form(['job', ' {"class": "x"}'], ['image', pngOf(300_000), 'b.png']));
      assert.deepEqual([again.status, again.body.id], [202, first.body.id]);
      assert.equal(again.body.source.filename, 'a.png');
      const changed = pngOf(300_000);
      changed[299_999] = 1;
      const other = post('file', form(['image', changed, 'a.png'], ['job', job]));
      await refuses(other, 422, 'idempotency-key-reused');
    });
  });

  test('answers what was sent before also when the queue is full', async t => {
    const full = await startHttpService(({ jobs }) => ({
      quota: new QueueQuota(jobs, { jobs: 2, jobsPerOwner: 2 }),
    }));
    t.after(() => full.stop());
    const file = () => form(['image', pngOf(2000), 'a.png']);
    const first = await postJob(full, { source }, { 'idempotency-key': 'json' });
    const second = await postJob(full, file(), { 'idempotency-key': 'file' });
    assert.equal((await postJob(full, { source }, { 'idempotency-key': 'new' })).status, 429);
    assert.equal((await postJob(full, file(), { 'idempotency-key': 'new' })).status, 429);
    const again = await postJob(full, { source }, { 'idempotency-key': 'json' });
    assert.deepEqual([again.status, again.body.id], [202, first.body.id]);
    const fileAgain = await postJob(full, file(), { 'idempotency-key': 'file' });
    assert.deepEqual([fileAgain.status, fileAgain.body.id], [202, second.body.id]);
    assert.equal((await full.files()).length, 1);
  });

  test('takes 1 to 255 printable characters, and no JSON without a canonical form', async () => {
    assert.equal((await post('x'.repeat(255), { source })).status, 202);
    for (const key of ['', 'x'.repeat(256), 'caf\u00e9', 'a\tb']) {
      await refuses(post(key, { source }), 400, 'invalid-request', '/headers/idempotency-key');
    }
    await refuses(
      post('huge', `{"source":${JSON.stringify(source)},"metadata":{"a":1e999}}`),
      400,
      'invalid-request',
    );
  });
});
