import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { createLogger } from '../../src/telemetry/logger.ts';
import { ask as askService, postJob } from '../support/http-requests.ts';
import { rawConnection, startHttpService } from '../support/http-service.ts';
import { suiteService } from '../support/suite-service.ts';

suite('The HTTP server', () => {
  const service = suiteService();

  const ask = (...request: [method: string, path: string, headers?: Record<string, string>]) =>
    askService(service, ...request);

  test('refuses unknown paths and methods', async () => {
    const missing = await ask('GET', '/nothing/here?x=1');
    assert.deepEqual([missing.status, missing.json().code], [404, 'not-found']);
    const method = await ask('PUT', '/jobs');
    assert.deepEqual([method.status, method.json().code], [405, 'method-not-allowed']);
    assert.equal(method.headers.get('allow'), 'POST, GET, HEAD');
    const bodiless = await ask('DELETE', '/jobs');
    assert.deepEqual([bodiless.status, bodiless.headers.get('connection')], [405, 'keep-alive']);
    const page = await ask('GET', '/docs/static/..%2f..%2fpackage.json');
    assert.deepEqual([page.status, page.json().code], [404, 'not-found']);
    assert.equal((await ask('GET', '/%')).json().code, 'invalid-request');
  });

  test('answers broken HTTP with a problem', async () => {
    const socket = await rawConnection(service);
    socket.write('NONSENSE\r\n\r\n');
    let answer = '';
    for await (const chunk of socket) answer += chunk;
    assert.match(
      answer,
      /^HTTP\/1\.1 400 Bad Request\r\n.*application\/problem\+json.*"code":"invalid-request"/s,
    );
  });

  test('returns the request id it was given, or one of its own', async () => {
    assert.equal(
      (await ask('GET', '/ping', { 'x-request-id': 'abc-1' })).headers.get('x-request-id'),
      'abc-1',
    );
    for (const id of ['a b', 'x'.repeat(129), '"']) {
      const given = (await ask('GET', '/ping', { 'x-request-id': id })).headers.get('x-request-id');
      assert.match(given ?? '', /^[0-9a-f-]{36}$/);
    }
  });

  test('tells health, metrics and where the documentation is', async () => {
    assert.equal((await ask('GET', '/ping')).status, 200);
    assert.equal((await ask('GET', '/health/live')).status, 200);
    assert.deepEqual((await ask('GET', '/health/ready')).json(), { status: 'ok', parts: {} });
    const metrics = await ask('GET', '/metrics');
    assert.match(
      metrics.text,
      /tintype_http_request_duration_seconds_count\{method="GET",route="\/ping",status="200"\}/,
    );
    assert.equal((await ask('GET', '/')).headers.get('location'), '/docs');
    assert.match((await ask('GET', '/docs')).text, /swagger/i);
    assert.equal((await ask('GET', '/docs/static/swagger-ui.css')).status, 200);
  });

  test('is not ready when a part is not', async t => {
    const sick = await startHttpService({
      readiness: async () => ({ database: null, objects: 'The disk is full.' }),
    });
    t.after(() => sick.stop());
    const answer = await fetch(`${sick.url}/health/ready`);
    assert.equal(answer.status, 503);
    assert.equal(answer.headers.get('retry-after'), '5');
    assert.deepEqual(await answer.json(), {
      status: 'unavailable',
      parts: { database: null, objects: 'The disk is full.' },
    });
  });

  test('is ready, if degraded, while only the job queue is away', async t => {
    const parts = { jobStore: null, jobQueue: 'Redis does not answer.' };
    const degraded = await startHttpService({ readiness: async () => parts });
    t.after(() => degraded.stop());
    const answer = await fetch(`${degraded.url}/health/ready`);
    assert.equal(answer.status, 200);
    assert.deepEqual(await answer.json(), { status: 'degraded', parts });
  });

  test('hides what went wrong inside, and logs it', async t => {
    const logger = createLogger('error');
    const logged: unknown[] = [];
    logger.error = ((line: unknown) => logged.push(line)) as never;
    const broken = await startHttpService({
      logger,
      readiness: async () => {
        throw new Error('password is swordfish');
      },
    });
    t.after(() => broken.stop());
    const answer = await fetch(`${broken.url}/health/ready`);
    const body = await answer.text();
    assert.equal(answer.status, 500);
    assert.equal(JSON.parse(body).code, 'internal');
    assert.ok(!body.includes('swordfish'));
    assert.equal(logged.length, 1);
  });

  test('gives absolute links where it knows its address', async t => {
    const known = await startHttpService({ publicUrl: 'https://images.example/tintype/' });
    t.after(() => known.stop());
    const { headers, body } = await postJob(known, { source: { url: 'http://images.invalid/' } });
    assert.equal(body.location, `https://images.example/tintype/jobs/${body.id}`);
    assert.equal(headers.get('location'), body.location);
  });
});
