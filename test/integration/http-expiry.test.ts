import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { ObjectStore } from '../../src/jobs/object-store.ts';
import { eventually } from '../support/eventually.ts';
import { ask as askService, postJob, refuses, submitJob } from '../support/http-requests.ts';
import { form, type HttpService, pngOf, startHttpService } from '../support/http-service.ts';
import { suiteService } from '../support/suite-service.ts';

suite('Expiry over HTTP', () => {
  const service = suiteService();

  const ask = (...request: [method: string, path: string, headers?: Record<string, string>]) =>
    askService(service, ...request);

  test('a job tells when it expires once it has ended', async () => {
    const job = await submitJob(service, { retention: '12h' });
    assert.deepEqual([job.expires, job.retention, job.notBefore], [null, '12h', null]);
    await service.complete(await service.claim());
    const ended = (await ask('GET', `/jobs/${job.id}`)).json();
    assert.equal(Date.parse(ended.expires), Date.parse(ended.finish) + 12 * 3_600_000);
    const image = await ask('GET', ended.location);
    const [, seconds] =
      /^private, max-age=(\d+), immutable$/.exec(image.headers.get('cache-control') ?? '') ?? [];
    assert.ok(Number(seconds) <= 43_200 && Number(seconds) > 43_000, 'nobody keeps it for longer');

    const upload = await postJob(
      service,
      form(['image', pngOf(100), 'a.png'], ['job', '{"retention":"90s"}']),
    );
    assert.equal(upload.status, 202);
    const cancelled = (await ask('DELETE', `/jobs/${upload.body.id}`)).json();
    assert.equal(Date.parse(cancelled.expires), Date.parse(cancelled.finish) + 90_000);
    const again = (await ask('POST', `/jobs/${upload.body.id}/retry`)).json();
    assert.equal(again.expires, null, 'its retention begins anew');
    await ask('DELETE', `/jobs/${upload.body.id}`);
  });

  test('a retention that is none is refused', async () => {
    for (const retention of ['0s', '7', '1w', 'forever', 'P7D', '4000d', '', 7, null]) {
      const body = { source: { url: 'http://images.invalid/a.jpg' }, retention };
      await refuses(postJob(service, body), 400, 'invalid-request', '/retention');
    }
  });

  test('whatever is asked of an expired job says that it is expired', async () => {
    const outputs = [{ name: 'thumb', filename: 'thumb_expired.jpg' }];
    const { id } = await submitJob(service, { outputs, retention: '1s' });
    await service.complete(await service.claim());
    const etag = (await ask('GET', `/jobs/${id}/outputs/thumb`)).headers.get('etag') ?? '';
    await expire(service, 1);
    const job = (await ask('GET', `/jobs/${id}`)).json();
    assert.deepEqual([job.status, job.code, job.location], ['expired', 410, `/jobs/${id}`]);
    const [output] = job.outputs;
    assert.deepEqual([output.status, output.location, output.bytes], ['expired', null, 19]);
    for (const headers of [{}, { range: 'bytes=0-1' }, { 'if-none-match': etag }] as Record<
      string,
      string
    >[]) {
      for (const path of [`/jobs/${id}/outputs/thumb`, '/thumbnails/thumb_expired.jpg']) {
        const gone = await ask('GET', path, headers);
        assert.deepEqual([gone.status, gone.json().code], [410, 'expired'], path);
        assert.equal(gone.headers.get('cache-control'), 'no-store');
        assert.equal((await ask('HEAD', path, headers)).status, 410);
      }
    }
    assert.equal((await ask('GET', `/jobs/${id}/outputs/other`)).status, 404);
    assert.equal((await ask('DELETE', `/jobs/${id}`)).json().code, 'job-ended');
    assert.equal((await ask('POST', `/jobs/${id}/retry`)).json().code, 'job-not-retryable');
    assert.match((await ask('GET', `/jobs/${id}/events`)).text, /"status":"expired"/);
    assert.equal((await ask('GET', '/jobs?status=expired')).json().jobs[0].id, id);
  });

  test('a failed job expires too, and can’t be retried when its upload goes with it', async () => {
    const { body } = await postJob(
      service,
      form(['image', pngOf(100), 'b.png'], ['job', '{"retention":"1s"}']),
    );
    await service.fail(await service.claim(), { code: 'corrupt-image', message: 'Damaged.' });
    await expire(service, 1);
    assert.equal((await ask('GET', `/jobs/${body.id}/outputs/thumb`)).status, 410);
    const retry = await ask('POST', `/jobs/${body.id}/retry`);
    assert.deepEqual([retry.status, retry.json().code], [410, 'source-gone']);
  });

  test('an older image is served that is kept longer', async () => {
    const outputs = [{ name: 'thumb', filename: 'thumb_kept.jpg' }];
    for (const [content, retention] of [
      ['older', '1h'],
      ['newer', '1s'],
    ] as const) {
      await submitJob(service, { outputs, retention });
      await service.complete(await service.claim(), Buffer.from(content));
    }
    assert.equal((await ask('GET', '/thumbnails/thumb_kept.jpg')).text, 'newer');
    await expire(service, 1);
    assert.equal((await ask('GET', '/thumbnails/thumb_kept.jpg')).text, 'older');
  });

  test('an image that expires between the question and the reading is expired, not missing', async t => {
    let meanwhile = async () => {};
    const slow = await startHttpService({
      objects: new Proxy({} as ObjectStore, {
        get: (_, name) => async (key: string, range: undefined) => {
          if (name !== 'read') return undefined;
          await meanwhile();
          return slow.objects.read(key, range);
        },
      }),
    });
    t.after(() => slow.stop());
    for (const path of [(id: string) => `/jobs/${id}/outputs/thumb`, () => '/thumbnails/thumb_a.jpg']) {
      const { id } = await submitJob(slow, { retention: '1s' });
      await slow.complete(await slow.claim());
      meanwhile = async () => {
        await expire(slow, 1);
        const [left] = await slow.stores.attempts.leftovers(1);
        await slow.objects.delete([`jobs/${left?.jobId}/1/thumb`]);
        await slow.stores.attempts.forgetLeftovers(left === undefined ? [] : [left]);
        meanwhile = async () => {};
      };
      const gone = await askService(slow, 'GET', path(id));
      assert.deepEqual([gone.status, gone.json().code], [410, 'expired']);
    }
  });
});

async function expire({ stores }: HttpService, jobs: number): Promise<void> {
  let expired = 0;
  await eventually(async () => {
    expired += await stores.expiry.expireDue(10);
    return expired >= jobs;
  }, 'jobs expire');
}
