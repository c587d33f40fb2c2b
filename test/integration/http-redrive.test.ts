import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { ErrorCode } from '../../src/errors/codes.ts';
import { uploadKey } from '../../src/jobs/upload-store.ts';
import { newCaller, startServiceWithKeys } from '../support/callers.ts';
import { ask, postJob, submitJob } from '../support/http-requests.ts';
import { form, pngOf } from '../support/http-service.ts';
import { suiteService } from '../support/suite-service.ts';

suite('POST /jobs/retry', () => {
  const service = suiteService();

  const retry = async (body: object) => {
    const answer = await fetch(`${service.url}/jobs/retry`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    // biome-ignore lint/suspicious/noExplicitAny: the tests say what must be in it
    return { status: answer.status, body: (await answer.json()) as any };
  };
  const fail = async (code: ErrorCode, changes: object = {}): Promise<string> => {
    const { id } = await submitJob(service, changes);
    await service.fail(await service.claim(), { code, message: 'It failed.' });
    return id;
  };
  const status = async (id: string) => (await ask(service, 'GET', `/jobs/${id}`)).json().status;
  /** Takes what runs again away, so that the next test begins with nothing. */
  const failAll = async () => {
    const { pending } = await service.stores.jobs.backlog();
    for (let left = pending; left > 0; left--) {
      await service.fail(await service.claim(), { code: 'invalid-output', message: 'Away.' });
    }
  };

  test('runs the failed jobs that fit again', async () => {
    const away = await fail('source-unavailable');
    const refused = await fail('source-refused', { class: 'x' });
    const broken = await fail('corrupt-image', { class: 'x' });
    assert.deepEqual(await retry({ status: 'failed', code: 'source-unavailable' }), {
      status: 202,
      body: { retried: 1, skipped: 0 },
    });
    assert.deepEqual([await status(away), await status(refused)], ['pending', 'failed']);
    assert.equal((await retry({ status: 'failed', code: 424 })).body.retried, 1);
    assert.equal(
      (await retry({ status: 'failed', class: 'x', from: '2999-01-01T00:00:00Z' })).body.retried,
      0,
    );
    assert.equal((await retry({ status: 'failed', class: 'x' })).body.retried, 1);
    assert.equal(await status(broken), 'pending');
    await failAll();
    assert.equal((await retry({ status: 'failed' })).body.retried, 3);
    await failAll();
  });

  test('leaves out those whose original is gone, and counts them', async () => {
    const { body } = await postJob(service, form(['image', pngOf(2000), 'a.png']));
    await service.fail(await service.claim(), { code: 'render-crashed', message: 'It died.' });
    await service.objects.delete([uploadKey(body.source.upload)]);
    assert.deepEqual((await retry({ status: 'failed', code: 'render-crashed' })).body, {
      retried: 0,
      skipped: 1,
    });
    assert.equal(await status(body.id), 'failed');
  });

  test("leaves other owners' jobs and bills alone, but not an admin's", async t => {
    const locked = await startServiceWithKeys();
    t.after(() => locked.stop());
    const [ann, bob] = [await newCaller(locked, 'ann'), await newCaller(locked, 'bob')];
    const root = await newCaller(locked, 'root', true);
    const job = { source: { url: 'http://images.invalid/a.jpg' } };
    assert.equal((await postJob(locked, job, bob.headers)).status, 202);
    await locked.fail(await locked.claim(), { code: 'job-timeout', message: 'Too long.' });
    const retried = async (headers: Record<string, string>) => {
      const answer = await fetch(`${locked.url}/jobs/retry`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: '{"status":"failed"}',
      });
      return ((await answer.json()) as { retried: number }).retried;
    };
    assert.deepEqual([await retried(ann.headers), await retried(root.headers)], [0, 1]);
    const owners = async (headers: Record<string, string>) => {
      const { statistics } = (await ask(locked, 'GET', '/statistics', headers)).json();
      return statistics.map(({ owner }: { owner: string }) => owner);
    };
    assert.deepEqual(await owners(ann.headers), []);
    assert.deepEqual(await owners(bob.headers), ['bob']);
    assert.deepEqual(await owners(root.headers), ['bob']);
  });

  test('names the field at fault', async () => {
    const bad: [body: object, pointer: string][] = [
      [{}, '/status'],
      [{ status: 'cancelled' }, '/status'],
      [{ status: 'failed', code: 'no-such-code' }, '/code'],
      [{ status: 'failed', code: 200 }, '/code'],
      [{ status: 'failed', from: 'yesterday' }, '/from'],
      [{ status: 'failed', owner: 'ann' }, '/owner'],
    ];
    for (const [body, pointer] of bad) {
      const answer = await retry(body);
      assert.deepEqual([answer.status, answer.body.pointer], [400, pointer], answer.body.detail);
    }
    assert.equal((await retry({ status: 'cancelled' })).body.detail, '/status must be "failed".');
  });

  test('shows what was tried, in lists too', async () => {
    const id = await fail('source-unavailable', { class: 'shown' });
    const { tries, attempts } = (await ask(service, 'GET', `/jobs/${id}`)).json();
    assert.equal(attempts, 1);
    const [{ start, finish, ...only }] = tries;
    assert.ok(Date.parse(start) <= Date.parse(finish));
    assert.deepEqual(only, {
      attempt: 1,
      run: 1,
      result: 'failed',
      error: { code: 'source-unavailable', message: 'It failed.' },
    });
    const { jobs } = (await ask(service, 'GET', '/jobs?status=failed&class=shown')).json();
    assert.deepEqual(jobs[0].tries, tries);
  });
});
