import assert from 'node:assert/strict';
import { postJob } from '../support/http-requests.ts';
import { form, pngOf, startHttpService } from '../support/http-service.ts';
import { fault } from './fault.ts';

const row = {
  row: '14',
  fault: 'the same request under one idempotency key many times at once, for many keys',
  mustShow: 'one job a key; another body under the key: 422 every time; no upload without a job stays',
  inTests: { keys: 10, posts: 10 },
  full: { keys: 100, posts: 100 },
};

fault(row, async ({ keys, posts }, report, t) => {
  const service = await startHttpService();
  t.after(() => service.stop());
  const started = performance.now();
  const jobs = new Set<string>();
  let refused = 0;
  for (let key = 0; key < keys; key += 1) {
    const headers = { 'idempotency-key': `key ${key}` };
    const requests = Array.from({ length: posts }, () => postJob(service, request(key, 'same'), headers));
    const answers = await Promise.all(requests);
    const ids = new Set(answers.map(({ body }) => body.id));
    assert.deepEqual([...new Set(answers.map(answer => answer.status))], [202]);
    assert.equal(ids.size, 1, 'one job a key');
    for (const id of ids) jobs.add(id);
    const others = await Promise.all(
      Array.from({ length: posts }, (_, index) => postJob(service, request(key, `other ${index}`), headers)),
    );
    assert.deepEqual(
      [...new Set(others.map(({ status, body }) => `${status} ${body.code}`))],
      ['422 idempotency-key-reused'],
    );
    refused += others.length;
  }
  assert.equal(jobs.size, keys);
  assert.equal((await service.stores.jobs.backlog()).pending, keys);
  assert.equal((await service.files()).length, keys / 2, 'one file for each job that brought one');
  assert.deepEqual(await service.stores.uploads.abandoned(0, 10), []);
  report('keys', keys);
  report('postsAKey', posts);
  report('jobs', jobs.size);
  report('refused', refused);
  report('seconds', Math.round((performance.now() - started) / 1000));
});

/** By turns a file and JSON; what is called the same is the same. */
function request(key: number, variant: string): FormData | object {
  if (key % 2 === 0) return { source: { url: 'http://images.invalid/a.jpg' }, class: variant };
  return form(['image', pngOf(20_000), 'photo.png'], ['job', JSON.stringify({ class: variant })]);
}
