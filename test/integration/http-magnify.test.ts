import assert from 'node:assert/strict';
import { once } from 'node:events';
import { suite, test } from 'node:test';
import type { HttpParts } from '../../src/http/http-parts.ts';
import { QueueQuota } from '../../src/jobs/queue-quota.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { newCaller } from '../support/callers.ts';
import { eventually } from '../support/eventually.ts';
import { ask } from '../support/http-requests.ts';
import { type HttpService, rawConnection, startHttpService } from '../support/http-service.ts';
import { suiteService } from '../support/suite-service.ts';

const magnifyOrigins = ['images.invalid', 'cdn.invalid:8080', 'https://safe.invalid'];
const image = encodeURIComponent('http://images.invalid/a.jpg');

const start = (parts: Partial<HttpParts> = {}) => startHttpService({ magnifyOrigins, ...parts });

const magnify = (service: HttpService, query: string, headers: Record<string, string> = {}) =>
  ask(service, 'GET', `/magnify?${query}`, headers);

/** What the next job asks for, claimed as a worker does. */
const claimed = (service: HttpService) =>
  eventually(() => service.claim().catch(() => undefined), 'the job is there');

suite('GET /magnify', () => {
  const service = suiteService(start);

  test('answers with what the job made, as an attachment', async () => {
    const answer = magnify(
      service,
      `image_url=${image}&model=gans&by_patch_of_size=64&batch_size=2&padding_size=0`,
    );
    const claim = await claimed(service);
    const { source, priority, outputs } = claim.job;
    assert.deepEqual(source, { url: 'http://images.invalid/a.jpg', filename: 'a.jpg' });
    assert.equal(priority, 'interactive');
    const [output] = outputs;
    assert.deepEqual(output?.options, {
      format: 'jpeg',
      upscale: { model: 'gans', patchSize: 64, batchSize: 2, padding: 0 },
    });
    await service.complete(claim, Buffer.from('enlarged'));
    const { status, headers, text } = await answer;
    assert.deepEqual([status, text], [200, 'enlarged']);
    assert.equal(headers.get('content-type'), 'image/jpeg');
    assert.equal(headers.get('content-length'), '8');
    assert.equal(headers.get('content-disposition'), 'attachment; filename="sharpened.jpg"');
    assert.equal(headers.get('location'), `/jobs/${claim.job.id}`);
  });

  test('takes noise-cancel where no model is named', async () => {
    const answer = magnify(service, `image_url=${image}`);
    const claim = await claimed(service);
    assert.deepEqual(claim.job.outputs[0]?.options, { format: 'jpeg', upscale: { model: 'noise-cancel' } });
    await service.complete(claim);
    assert.equal((await answer).status, 200);
  });

  test('answers with the reason why the job failed, or that it was cancelled', async () => {
    const failed = magnify(service, `image_url=${image}`);
    const claim = await claimed(service);
    await service.fail(claim, { code: 'source-not-found', message: 'There is none.' });
    const { status, headers, json } = await failed;
    assert.equal(status, 404);
    assert.match(headers.get('content-type') ?? '', /^application\/problem\+json/);
    assert.deepEqual([json().code, json().detail], ['source-not-found', 'There is none.']);
    assert.equal(headers.get('location'), `/jobs/${claim.job.id}`);

    const cancelled = magnify(service, `image_url=${image}`);
    const { job } = await claimed(service);
    await ask(service, 'DELETE', `/jobs/${job.id}`);
    const refusal = await cancelled;
    assert.deepEqual([refusal.status, refusal.json().code], [499, 'job-cancelled']);
  });

  const allowed = [
    'http://images.invalid/a.jpg',
    'https://IMAGES.invalid:8443/a.jpg',
    'https://cdn.invalid:8080/',
    'https://safe.invalid:443/a',
  ];
  const refused = [
    'http://more.images.invalid/',
    'http://images.invalid.evil.invalid/',
    'http://images.invalid@evil.invalid/',
    'http://cdn.invalid/',
    'http://safe.invalid/',
    'https://safe.invalid:8443/',
  ];
  test('takes images of the hosts that it may take them from, and no others', async () => {
    for (const url of refused) {
      const { status, json } = await magnify(service, `image_url=${encodeURIComponent(url)}`);
      assert.deepEqual([status, json().code, json().pointer], [403, 'forbidden', '/image_url'], url);
    }
    for (const url of allowed) {
      const answer = magnify(service, `image_url=${encodeURIComponent(url)}`);
      await service.complete(await claimed(service));
      assert.equal((await answer).status, 200, url);
    }
  });

  const mistakes: [query: string, pointer: string][] = [
    ['', '/image_url'],
    ['image_url=', '/image_url'],
    ['image_url=ftp%3A%2F%2Fimages.invalid%2Fa', '/image_url'],
    ['image_url=http%3A%2F%2F', '/image_url'],
    [`image_url=${image}&image_url=${image}`, '/image_url'],
    [`image_url=${image}&model=best`, '/model'],
    [`image_url=${image}&by_patch_of_size=7`, '/by_patch_of_size'],
    [`image_url=${image}&by_patch_of_size=`, '/by_patch_of_size'],
    [`image_url=${image}&batch_size=1.5`, '/batch_size'],
    [`image_url=${image}&padding_size=-1`, '/padding_size'],
    [`image_url=${image}&scale=2`, '/scale'],
  ];
  test('names the parameter that is wrong', async () => {
    for (const [query, pointer] of mistakes) {
      const { status, json } = await magnify(service, query);
      assert.deepEqual([status, json().code, json().pointer], [400, 'invalid-request', pointer], query);
    }
  });

  test('makes no job of a HEAD', async () => {
    assert.equal((await ask(service, 'HEAD', `/magnify?image_url=${image}`)).status, 405);
  });

  test('cancels the job of a caller who hangs up', async () => {
    const socket = await rawConnection(service);
    socket.write(`GET /magnify?image_url=${image} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    const { job } = await claimed(service);
    socket.destroy();
    await eventually(
      async () => (await service.stores.jobs.get(job.id))?.status === 'cancelled',
      'the job is cancelled',
    );
  });

  test('keeps the job of a caller with an Idempotency-Key, who may come back', async () => {
    const socket = await rawConnection(service);
    const head = `GET /magnify?image_url=${image} HTTP/1.1\r\nHost: localhost\r\nIdempotency-Key: one\r\n\r\n`;
    socket.write(head);
    const claim = await claimed(service);
    socket.destroy();
    await once(socket, 'close');
    const again = magnify(service, `image_url=${image}`, { 'idempotency-key': 'one' });
    const another = await magnify(service, `image_url=${image}&model=gans`, { 'idempotency-key': 'one' });
    assert.deepEqual([another.status, another.json().code], [422, 'idempotency-key-reused']);
    await service.complete(claim);
    assert.equal((await again).headers.get('location'), `/jobs/${claim.job.id}`);
    const late = await magnify(service, `image_url=${image}`, { 'idempotency-key': 'one' });
    assert.deepEqual([late.status, late.text], [200, 'not really an image']);
  });
});

test('GET /magnify takes no image of anywhere unless it is told from where', async t => {
  const service = await startHttpService();
  t.after(() => service.stop());
  assert.equal((await magnify(service, `image_url=${image}`)).status, 403);
});

test('GET /magnify answers 503 with the job when it takes too long, and the job goes on', async t => {
  const logger = createLogger('warn');
  logger.warn = () => {};
  logger.error = ((line: unknown) => assert.fail(`it is no fault: ${line}`)) as never;
  const service = await start({ magnifyWaitMs: 50, logger });
  t.after(() => service.stop());
  const { status, headers, json } = await magnify(service, `image_url=${image}`);
  assert.deepEqual([status, json().code], [503, 'job-not-ended']);
  assert.match(headers.get('retry-after') ?? '', /^[1-9]\d*$/);
  const location = headers.get('location') ?? '';
  assert.equal((await ask(service, 'GET', location)).json().status, 'pending');
  await service.complete(await service.claim());
  assert.equal((await ask(service, 'GET', location)).json().status, 'complete');
});

test('GET /magnify answers 503 with the job when the service stops, and the job goes on', async () => {
  const service = await start();
  const answer = magnify(service, `image_url=${image}`);
  await claimed(service);
  const stopped = service.stop();
  const { status, headers, json } = await answer;
  await stopped;
  assert.deepEqual([status, json().code], [503, 'shutting-down']);
  assert.match(headers.get('location') ?? '', /^\/jobs\//);
});

test('GET /magnify counts as a submission: keys, owners and the queue’s limits hold', async t => {
  const service = await startHttpService(({ keys, jobs }) => ({
    magnifyOrigins,
    authentication: { keys, requestsAMinute: 0 },
    loopbackOnly: false,
    quota: new QueueQuota(jobs, { jobs: 10, jobsPerOwner: 1 }),
    magnifyWaitMs: 50,
  }));
  t.after(() => service.stop());
  assert.equal((await magnify(service, `image_url=${image}`)).status, 401);
  const [ann, bob] = [await newCaller(service, 'ann'), await newCaller(service, 'bob')];
  const first = await magnify(service, `image_url=${image}`, ann.headers);
  assert.equal(first.status, 503);
  const location = first.headers.get('location') ?? '';
  assert.equal((await ask(service, 'GET', location, ann.headers)).json().owner, 'ann');
  assert.equal((await ask(service, 'GET', location, bob.headers)).status, 404);
  const second = await magnify(service, `image_url=${image}`, ann.headers);
  assert.deepEqual([second.status, second.json().code], [429, 'queue-full']);
});
