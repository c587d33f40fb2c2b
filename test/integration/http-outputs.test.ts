import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ask as askService, submitJob } from '../support/http-requests.ts';
import { suiteService } from '../support/suite-service.ts';

suite('Outputs over HTTP', () => {
  const service = suiteService();

  const ask = (...request: [method: string, path: string, headers?: Record<string, string>]) =>
    askService(service, ...request);

  const submit = (changes?: object) => submitJob(service, changes);

  const finished = async (content?: Buffer) => {
    const job = await submit();
    await service.complete(await service.claim(), content);
    return job.id as string;
  };

  test('serves an output, whole, as a head, in part and not again', async () => {
    const content = Buffer.from('0123456789');
    const path = `/jobs/${await finished(content)}/outputs/thumb`;
    const whole = await ask('GET', path);
    assert.deepEqual([whole.status, whole.text], [200, '0123456789']);
    const etag = whole.headers.get('etag') ?? '';
    assert.match(etag, /^"[0-9a-f]{64}"$/);
    assert.equal(whole.headers.get('content-type'), 'image/jpeg');
    assert.equal(whole.headers.get('x-content-type-options'), 'nosniff');
    assert.match(whole.headers.get('content-security-policy') ?? '', /^default-src 'none';.* sandbox$/);
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
      await submit({ outputs: [{ name: 'thumb', filename: 'thumb_ä "1%.jpg' }] });
      if (content === 'old') {
        const early = await ask('GET', `/thumbnails/${encodeURIComponent('thumb_ä "1%.jpg')}`);
        assert.deepEqual([early.status, early.json().code], [404, 'not-found']);
        assert.match(early.json().detail, /finished yet/);
      }
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
});
