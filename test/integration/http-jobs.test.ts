import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { createLogger } from '../../src/telemetry/logger.ts';
import { type HttpService, rawConnection, startHttpService } from '../support/http-service.ts';

// biome-ignore lint/suspicious/noExplicitAny: the tests say what must be in it
type Json = any;

suite('Jobs over HTTP', () => {
  let service: HttpService;

  before(async () => {
    service = await startHttpService();
  });
  after(() => service.stop());

  const ask = async (method: string, path: string, headers: Record<string, string> = {}) => {
    const answer = await fetch(`${service.url}${path}`, { method, headers, redirect: 'manual' });
    const body = await answer.text();
    return { status: answer.status, headers: answer.headers, text: body, json: (): Json => JSON.parse(body) };
  };

  const submit = async (label?: string, outputs: object[] = [{ name: 'thumb', filename: 'thumb_a.jpg' }]) => {
    const answer = await fetch(`${service.url}/jobs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ source: { url: 'http://images.invalid/a.jpg' }, outputs, class: label }),
    });
    const job = (await answer.json()) as Json;
    assert.equal(answer.status, 202, JSON.stringify(job));
    return job;
  };

  const finished = async (content?: Buffer) => {
    const job = await submit();
    await service.complete(await service.claim(), content);
    return job.id as string;
  };

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
    assert.deepEqual([tooEarly.status, tooEarly.json().code], [409, 'job-not-ended']);
    await ask('DELETE', `/jobs/${id}`);
  });

  test('cancels a job, twice like once', async () => {
    const { id } = await submit();
    for (const _ of [1, 2]) {
      // Some clients announce JSON even where they send nothing.
      const { status, json } = await ask('DELETE', `/jobs/${id}`, { 'content-type': 'application/json' });
      assert.equal(status, 200);
      assert.deepEqual([json().status, json().code], ['cancelled', 499]);
    }
  });

  test('knows nothing of unknown jobs and other owners', async () => {
    await service.stores.jobs.submit({
      id: '01900000-0000-7000-8000-000000000000',
      owner: 'somebody',
      priority: 'normal',
      source: { url: 'http://a/', filename: 'a' },
      outputs: [{ name: 'thumb', filename: 'thumb_secret', options: {} }],
    });
    await service.complete(await service.claim());
    for (const id of ['01900000-0000-7000-8000-000000000000', 'nonsense', '%00', 'a'.repeat(900)]) {
      assert.equal((await ask('GET', `/jobs/${id}`)).status, 404, id);
      assert.equal((await ask('DELETE', `/jobs/${id}`)).status, 404);
      assert.equal((await ask('POST', `/jobs/${id}/retry`)).status, 404);
      assert.equal((await ask('GET', `/jobs/${id}/outputs/thumb`)).status, 404);
      assert.equal((await ask('GET', `/jobs/${id}/events`)).status, 404);
    }
    assert.equal((await ask('GET', '/thumbnails/thumb_secret')).status, 404);
    assert.ok(!(await ask('GET', '/jobs?limit=200')).text.includes('somebody'));
  });

  test('pages through the list, newest first, and filters it', async () => {
    const ids: string[] = [];
    for (let count = 0; count < 5; count++) ids.unshift((await submit('paged')).id);
    const seen: string[] = [];
    let cursor = '';
    do {
      const page = (await ask('GET', `/jobs?class=paged&status=pending&limit=2${cursor}`)).json();
      assert.ok(page.jobs.length <= 2);
      seen.push(...page.jobs.map((job: Json) => job.id));
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

  test('serves an output, whole, as a head, in part and not again', async () => {
    const content = Buffer.from('0123456789');
    const path = `/jobs/${await finished(content)}/outputs/thumb`;
    const whole = await ask('GET', path);
    assert.deepEqual([whole.status, whole.text], [200, '0123456789']);
    const etag = whole.headers.get('etag') ?? '';
    assert.match(etag, /^"[0-9a-f]{64}"$/);
    assert.equal(whole.headers.get('content-type'), 'image/jpeg');
    assert.equal(whole.headers.get('x-content-type-options'), 'nosniff');
    assert.equal(whole.headers.get('content-security-policy'), "default-src 'none'; sandbox");
    assert.match(whole.headers.get('cache-control') ?? '', /private.*immutable/);
    assert.equal(
      whole.headers.get('content-disposition'),
      `inline; filename="thumb_a.jpg"; filename*=UTF-8''thumb_a.jpg`,
    );
    const head = await ask('HEAD', path);
    assert.deepEqual([head.status, head.headers.get('content-length'), head.text], [200, '10', '']);

    const parts: [range: string, status: number, text: string, contentRange: string | null][] = [
      ['bytes=2-4', 206, '234', 'bytes 2-4/10'],
      ['bytes=7-', 206, '789', 'bytes 7-9/10'],
      ['bytes=-3', 206, '789', 'bytes 7-9/10'],
      ['bytes=-30', 206, '0123456789', 'bytes 0-9/10'],
      ['bytes=5-99', 206, '56789', 'bytes 5-9/10'],
      ['bytes=0-1,3-4', 200, '0123456789', null],
      ['bytes=4-2', 200, '0123456789', null],
      ['lines=1-2', 200, '0123456789', null],
    ];
    for (const [range, status, text, contentRange] of parts) {
      const part = await ask('GET', path, { range });
      assert.deepEqual(
        [part.status, part.text, part.headers.get('content-range')],
        [status, text, contentRange],
        range,
      );
    }
    for (const range of ['bytes=10-', 'bytes=10-12', 'bytes=-0']) {
      const behind = await ask('GET', path, { range });
      assert.deepEqual([behind.status, behind.headers.get('content-range')], [416, 'bytes */10']);
      assert.equal(behind.json().code, 'range-not-satisfiable');
    }
    assert.equal((await ask('GET', path, { range: 'bytes=2-4', 'if-range': etag })).text, '234');
    assert.equal((await ask('GET', path, { range: 'bytes=2-4', 'if-range': '"other"' })).status, 200);
    for (const match of [etag, `"a", W/${etag}`, '*']) {
      const unchanged = await ask('GET', path, { 'if-none-match': match });
      assert.deepEqual([unchanged.status, unchanged.headers.get('etag'), unchanged.text], [304, etag, '']);
    }
    assert.equal((await ask('GET', path, { 'if-none-match': '"other"' })).status, 200);
  });

  test('tells of an image that is gone as a problem that nobody keeps', async () => {
    const id = await finished();
    const job = await service.stores.jobs.get(id);
    await service.objects.delete([job?.outputs[0]?.stored?.key ?? '']);
    const gone = await ask('GET', `/jobs/${id}/outputs/thumb`);
    assert.deepEqual([gone.status, gone.json().code], [500, 'internal']);
    assert.equal(gone.headers.get('cache-control'), 'no-store');
    assert.equal(gone.headers.get('etag'), null);
  });

  test('says when to come back for an output that is still being made', async () => {
    const { id } = await submit();
    for (const step of [() => service.claim(), () => undefined]) {
      const early = await ask('GET', `/jobs/${id}/outputs/thumb`);
      assert.deepEqual([early.status, early.json().code], [409, 'output-not-ready']);
      assert.ok(Number(early.headers.get('retry-after')) >= 1);
      await step();
    }
    assert.equal((await ask('GET', `/jobs/${id}/outputs/other`)).json().code, 'not-found');
    await ask('DELETE', `/jobs/${id}`);
    assert.equal((await ask('GET', `/jobs/${id}/outputs/thumb`)).status, 404);
  });

  test('serves the newest output of a file name, also one that is not ASCII', async () => {
    for (const content of ['old', 'new']) {
      await submit(undefined, [{ name: 'thumb', filename: 'thumb_ä "1%.jpg' }]);
      await service.complete(await service.claim(), Buffer.from(content));
    }
    const { status, text, headers } = await ask(
      'GET',
      `/thumbnails/${encodeURIComponent('thumb_ä "1%.jpg')}`,
    );
    assert.deepEqual([status, text], [200, 'new']);
    assert.equal(
      headers.get('content-disposition'),
      `inline; filename="thumb__ _1_.jpg"; filename*=UTF-8''thumb_%C3%A4%20%221%25.jpg`,
    );
    assert.equal((await ask('GET', '/thumbnails/ä')).status, 404);
    assert.equal((await ask('GET', '/thumbnails/thumb_none')).status, 404);
  });

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
    assert.deepEqual(await answer.json(), {
      status: 'unavailable',
      parts: { database: null, objects: 'The disk is full.' },
    });
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
    const answer = await fetch(`${known.url}/jobs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ source: { url: 'http://images.invalid/' } }),
    });
    const { id, location } = (await answer.json()) as Json;
    assert.equal(location, `https://images.example/tintype/jobs/${id}`);
    assert.equal(answer.headers.get('location'), location);
  });
});
