import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ask, submitJob } from '../support/http-requests.ts';
import { suiteService } from '../support/suite-service.ts';

suite('GET /statistics', () => {
  const service = suiteService();

  test('tells what was done for its owner', async () => {
    await submitJob(service, { class: 'x' });
    await service.complete(await service.claim());
    await submitJob(service);
    await service.fail(await service.claim(), { code: 'corrupt-image', message: 'It is broken.' });
    const [from, to] = [-1, 1].map(hours => new Date(Date.now() + hours * 3_600_000).toISOString());
    const get = async (query: string) => (await ask(service, 'GET', `/statistics${query}`)).json();
    const { statistics, nextCursor } = await get(`?interval=month&from=${from}&to=${to}`);
    assert.equal(nextCursor, null);
    const { start, waitSeconds, runSeconds, ...complete } = statistics[0];
    assert.ok(Date.parse(start) <= Date.now() && waitSeconds >= 0 && runSeconds >= 0);
    assert.deepEqual(complete, {
      owner: 'local',
      status: 'complete',
      jobs: 1,
      bytesIn: 50_000,
      bytesOut: 'not really an image'.length,
      megapixelsIn: 0.48,
      megapixelsOut: 0.01,
    });
    assert.deepEqual([statistics[1].status, statistics[1].bytesIn], ['failed', 0]);
    assert.equal((await get('?class=x')).statistics.length, 1);
    assert.equal((await get('')).statistics.length, 2);
    const page = await get('?interval=hour&limit=1');
    assert.equal(page.statistics.length, 1);
    assert.equal((await get(`?interval=hour&limit=1&cursor=${page.nextCursor}`)).statistics.length, 1);
  });

  test('has room for 400 days by the day, and for 1,000 hours', async () => {
    for (const query of [
      'from=2030-01-01T00:00:00Z&to=2031-02-05T00:00:00Z',
      'from=2030-01-01T00:00:00Z&to=2030-02-11T16:00:00Z&interval=hour',
    ]) {
      assert.equal((await ask(service, 'GET', `/statistics?${query}`)).status, 200, query);
    }
  });

  test('names the parameter at fault', async () => {
    for (const [query, pointer] of [
      ['from=yesterday', '/from'],
      ['from=1800-01-01T00:00:00Z&interval=month', '/from'],
      ['from=1970-01-01T00:00:00Z', '/from'],
      ['from=2030-01-01T00:00:00Z&to=2030-02-11T17:00:00Z&interval=hour', '/from'],
      ['interval=week', '/interval'],
      ['limit=0', '/limit'],
      ['cursor=x', '/cursor'],
    ]) {
      const answer = await ask(service, 'GET', `/statistics?${query}`);
      assert.deepEqual([answer.status, answer.json().pointer], [400, pointer]);
    }
  });
});
