import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ask as askService, submitJob } from '../support/http-requests.ts';
import { suiteService } from '../support/suite-service.ts';

suite('Jobs over HTTP', () => {
  const service = suiteService();

  const ask = (...request: [method: string, path: string, headers?: Record<string, string>]) =>
    askService(service, ...request);

  const submit = (changes?: object) => submitJob(service, changes);

  test('shows a job from pending to complete', async () => {
    const { id } = await submit();
    assert.equal((await ask('GET', `/jobs/${id}`)).json().status, 'pending');
    const claim = await service.claim();
    const processing = (await ask('GET', `/jobs/${id}`)).json();
    assert.deepEqual([processing.status, processing.code, processing.finish], ['processing', 202, null]);
    assert.equal(processing.location, `/jobs/${id}`);
    await service.complete(claim);
    const complete = (await ask('GET', `/jobs/${id}`)).json();
    assert.deepEqual([complete.status, complete.code, complete.progress], ['complete', 200, 1]);
    assert.equal(complete.location, `/jobs/${id}/outputs/thumb`);
    assert.ok(complete.finish >= complete.start);
    assert.deepEqual(Object.keys(complete.outputs[0]).sort(), [
      'bytes',
      'contentType',
      'error',
      'filename',
      'height',
      'location',
      'name',
      'sha256',
      'status',
      'width',
    ]);
    assert.equal(complete.outputs[0].width, 100);
  });

  test("tells a failure's status and message", async () => {
    const { id } = await submit();
    await service.fail(await service.claim(), {
      code: 'source-unavailable',
      message: 'The server was away.',
    });
    const job = (await ask('GET', `/jobs/${id}`)).json();
    assert.deepEqual([job.status, job.code, job.message], ['failed', 424, 'The server was away.']);
    assert.equal((await ask('DELETE', `/jobs/${id}`)).json().code, 'job-ended');
    const again = await ask('POST', `/jobs/${id}/retry`);
    assert.equal(again.status, 202);
    assert.equal(again.headers.get('location'), `/jobs/${id}`);
    assert.equal(again.json().run, 2);
    const tooEarly = await ask('POST', `/jobs/${id}/retry`);
    assert.deepEqual([tooEarly.status, tooEarly.json().code], [409, 'job-not-retryable']);
    await ask('DELETE', `/jobs/${id}`);
  });

  test('cancels a job, twice like once', async () => {
    const { id } = await submit();
    for (const _ of [1, 2]) {
      // Some clients announce JSON even where they send nothing.
      const { status, json } = await ask('DELETE', `/jobs/${id}`, { 'content-type': 'application/json' });
      assert.equal(status, 200);
      assert.deepEqual([json().status, json().code], ['cancelled', 499]);
      assert.equal(json().outputs[0].status, 'cancelled');
    }
    const retried = await ask('POST', `/jobs/${id}/retry`);
    assert.equal(retried.json().outputs[0].status, 'pending');
    await ask('DELETE', `/jobs/${id}`);
  });

  test('knows nothing of unknown jobs', async () => {
    for (const id of ['01900000-0000-7000-8000-000000000000', 'nonsense', '%00', 'a'.repeat(900)]) {
      assert.equal((await ask('GET', `/jobs/${id}`)).status, 404, id);
      assert.equal((await ask('DELETE', `/jobs/${id}`)).status, 404);
      assert.equal((await ask('POST', `/jobs/${id}/retry`)).status, 404);
      assert.equal((await ask('GET', `/jobs/${id}/outputs/thumb`)).status, 404);
      assert.equal((await ask('GET', `/jobs/${id}/events`)).status, 404);
    }
    assert.equal((await ask('GET', '/thumbnails/thumb_unknown')).status, 404);
  });

  test('pages through the list, newest first, and filters it', async () => {
    const ids: string[] = [];
    for (let count = 0; count < 5; count++) ids.unshift((await submit({ class: 'paged' })).id);
    const seen: string[] = [];
    let cursor = '';
    do {
      const page = (await ask('GET', `/jobs?class=paged&status=pending&limit=2${cursor}`)).json();
      assert.ok(page.jobs.length <= 2);
      seen.push(...page.jobs.map((job: { id: string }) => job.id));
      cursor = page.nextCursor === null ? '' : `&cursor=${encodeURIComponent(page.nextCursor)}`;
    } while (cursor !== '');
    assert.deepEqual(seen, ids);
    assert.equal((await ask('GET', '/jobs?class=paged&status=complete')).json().jobs.length, 0);
    assert.equal((await ask('GET', '/jobs?class=paged&from=2100-01-01T00:00:00Z')).json().jobs.length, 0);
    assert.equal((await ask('GET', '/jobs?class=paged&to=2100-01-01T00:00:00Z')).json().jobs.length, 5);
    for (const id of ids) await ask('DELETE', `/jobs/${id}`);
  });

  test('refuses filters that make no sense, by name', async () => {
    const bad = [
      'limit=0',
      'limit=201',
      'limit=x',
      'status=done',
      'from=yesterday',
      'from=2016-12-31T23:59:60Z',
      'to=2016-12-31T23:59:60Z',
      'to=1',
      'cursor=x',
      'page=2',
    ];
    for (const query of bad) {
      const { status, json } = await ask('GET', `/jobs?${query}`);
      assert.deepEqual(
        [status, json().code, json().pointer],
        [400, 'invalid-request', `/${query.split('=')[0]}`],
      );
    }
  });
});
