import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { uploadKey } from '../../src/jobs/upload-store.ts';
import { eventually } from '../support/eventually.ts';
import { ask, leavesNothing, postJob, refuses } from '../support/http-requests.ts';
import { type HttpService, pngOf, rawConnection } from '../support/http-service.ts';

const tus = { 'tus-resumable': '1.0.0' };
const piece = { ...tus, 'content-type': 'application/offset+octet-stream' };
const image = pngOf(300_000);

/** What resumable uploads must do, wherever their pieces are kept. */
export function resumableUploadsContract(start: () => Promise<HttpService>): void {
  let service: HttpService;

  before(async () => {
    service = await start();
  });
  after(() => service.stop());

  const send = async (method: string, path: string, headers: Record<string, string>, body?: Buffer) => {
    const answer = await fetch(`${service.url}${path}`, {
      method,
      headers,
      ...(body && { body: new Uint8Array(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, body: text === '' ? {} : JSON.parse(text) };
  };
  const create = async (length = image.length, headers: Record<string, string> = {}) => {
    const answer = await send('POST', '/uploads', { ...tus, 'upload-length': String(length), ...headers });
    assert.equal(answer.status, 201, JSON.stringify(answer.body));
    return answer.headers.get('location') ?? '';
  };
  const patch = (path: string, offset: number, body: Buffer, headers: Record<string, string> = {}) =>
    send('PATCH', path, { ...piece, 'upload-offset': String(offset), ...headers }, body);
  const offset = async (path: string) => {
    const answer = await ask(service, 'HEAD', path, tus);
    return answer.status === 200 ? Number(answer.headers.get('upload-offset')) : answer.status;
  };

  test('says what it can do, to this site alone', async () => {
    const answer = await ask(service, 'OPTIONS', '/uploads');
    assert.equal(answer.status, 204);
    assert.equal(answer.headers.get('tus-resumable'), '1.0.0');
    assert.equal(answer.headers.get('tus-max-size'), '1048576');
    assert.equal(answer.headers.get('tus-checksum-algorithm'), 'sha1,sha256,md5');
    const extensions = answer.headers.get('tus-extension')?.split(',').sort();
    assert.deepEqual(extensions, [
      'checksum',
      'creation',
      'creation-with-upload',
      'expiration',
      'termination',
    ]);
    assert.deepEqual(
      [...answer.headers.keys()].filter(name => name.startsWith('access-control')),
      [],
    );
  });

  test('takes a file in pieces and makes it the source of a job', async () => {
    const filename = Buffer.from('../täst.png').toString('base64');
    const path = await create(image.length, { 'upload-metadata': `filename ${filename},other eA==` });
    assert.match(path, /^\/uploads\/[0-9a-f-]{36}$/);
    for (let at = 0; at < image.length; at += 100_000) {
      assert.equal(await offset(path), at);
      const answer = await patch(path, at, image.subarray(at, at + 100_000));
      assert.equal(answer.status, 204);
      assert.equal(Number(answer.headers.get('upload-offset')), at + 100_000);
      const expires = answer.headers.get('upload-expires');
      assert.equal(expires === null, at === 200_000, 'a whole one expires by other rules');
    }
    assert.equal(await offset(path), image.length);
    const upload = path.split('/').at(-1) ?? '';
    assert.deepEqual(await buffer(await service.objects.read(uploadKey(upload))), image);
    const { status, body } = await postJob(service, { source: { upload } });
    assert.equal(status, 202);
    assert.deepEqual(body.source, { upload, filename: 'täst.png' });
    assert.equal(body.outputs[0].filename, 'thumb_täst.png');
    assert.equal((await send('DELETE', path, tus)).body.code, 'upload-in-use');
  });

  test('takes bytes with the creation', async () => {
    const headers = { ...piece, 'upload-length': String(image.length) };
    const answer = await send('POST', '/uploads', headers, image.subarray(0, 5000));
    assert.equal(answer.status, 201);
    assert.equal(answer.headers.get('upload-offset'), '5000');
    const path = answer.headers.get('location') ?? '';
    assert.equal((await patch(path, 5000, image.subarray(5000))).status, 204);
  });

  test('refuses a piece that does not begin at the end, and a job for what is not whole', async () => {
    const path = await create();
    await patch(path, 0, image.subarray(0, 1000));
    const upload = path.split('/').at(-1);
    for (const wrong of [0, 999, 1001]) {
      await refuses(patch(path, wrong, image.subarray(1000)), 409, 'upload-offset');
    }
    assert.equal(await offset(path), 1000);
    await refuses(postJob(service, { source: { upload } }), 409, 'upload-incomplete', '/source/upload');
    await refuses(postJob(service, { source: { upload: 'no' } }), 404, 'not-found', '/source/upload');
  });

  test('refuses what is larger than allowed or announced', async () => {
    await leavesNothing(service, async () => {
      const tooLarge = send('POST', '/uploads', { ...tus, 'upload-length': '1048577' });
      await refuses(tooLarge, 413, 'upload-too-large');
    });
    const path = await create(1000);
    await refuses(patch(path, 0, image.subarray(0, 1001)), 413, 'upload-too-large');
    assert.equal(await offset(path), 0);
  });

  test('refuses what is no image as soon as that can be told, and keeps nothing of it', async () => {
    await leavesNothing(service, async () => {
      const path = await create(1_000_000);
      await patch(path, 0, Buffer.from('just'));
      await refuses(patch(path, 4, Buffer.alloc(300_000, 'x')), 415, 'not-an-image');
      assert.equal(await offset(path), 404);
      const giant = await create();
      await refuses(patch(giant, 0, pngOf(5000, 30_000, 30_000)), 413, 'image-too-large');
      const empty = send('POST', '/uploads', { ...tus, 'upload-length': '0' });
      await refuses(empty, 400, 'empty-upload');
    });
  });

  test('counts a piece with a checksum only when it is verified', async () => {
    for (const algorithm of ['sha1', 'sha256', 'md5']) {
      const path = await create(5000);
      const bytes = image.subarray(0, 5000);
      const sum = (of: Buffer) => createHash(algorithm).update(of).digest('base64');
      const wrong = { 'upload-checksum': `${algorithm} ${sum(Buffer.from('x'))}` };
      await refuses(patch(path, 0, bytes, wrong), 460, 'checksum-mismatch');
      assert.equal(await offset(path), 0);
      await refuses(patch(path, 0, Buffer.alloc(5000), wrong), 460, 'checksum-mismatch');
      const right = { 'upload-checksum': `${algorithm} ${sum(bytes)}` };
      assert.equal((await patch(path, 0, bytes, right)).status, 204);
    }
    for (const header of ['sha512 AAAA', 'sha1', 'sha1 !']) {
      const path = await create(5000);
      const refused = patch(path, 0, image.subarray(0, 5000), { 'upload-checksum': header });
      await refuses(refused, 400, 'invalid-request');
    }
  });

  test('keeps what came before the connection was cut, and nothing of a piece with a checksum', async () => {
    for (const [checksum, kept] of [
      ['', 10_000],
      ['Upload-Checksum: sha1 2jmj7l5rSw0yVb/vlWAYkK/YBwk=\r\n', 0],
    ] as const) {
      const path = await create();
      const socket = await rawConnection(service);
      socket.write(
        `PATCH ${path} HTTP/1.1\r\nHost: localhost\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n${checksum}` +
          `Content-Type: application/offset+octet-stream\r\nContent-Length: ${image.length}\r\n\r\n`,
      );
      const { partialUploads } = service.stores;
      const id = path.split('/').at(-1) ?? '';
      const isLocked = async () => (await partialUploads.lock(id, 'x', 1)) === 'taken';
      await eventually(isLocked, 'it is being written to');
      // Not by HEAD, which would stop the request.
      socket.write(image.subarray(0, 10_000), () => socket.end());
      await eventually(async () => !(await isLocked()), 'the request is over');
      assert.equal(await offset(path), kept);
      assert.equal((await patch(path, kept, image.subarray(kept))).status, 204);
    }
  });

  test('stops a request when another one comes for the same upload', async () => {
    const path = await create();
    const socket = await rawConnection(service);
    socket.write(
      `PATCH ${path} HTTP/1.1\r\nHost: localhost\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n` +
        `Content-Type: application/offset+octet-stream\r\nContent-Length: ${image.length}\r\n\r\n`,
    );
    socket.write(image.subarray(0, 10_000));
    const { stores } = service;
    const id = path.split('/').at(-1) ?? '';
    await eventually(async () => (await stores.partialUploads.lock(id, 'x', 1)) === 'taken', 'it is locked');
    const [answer] = await Promise.all([once(socket, 'data'), offset(path)]);
    assert.match(String(answer), /^HTTP\/1.1 423 .*"code":"upload-locked"/s);
    socket.destroy();
    const at = await offset(path);
    assert.equal((await patch(path, at, image.subarray(at))).status, 204);
  });

  test('deletes an upload, unfinished or whole', async () => {
    await leavesNothing(service, async () => {
      const unfinished = await create();
      await patch(unfinished, 0, image.subarray(0, 5000));
      const whole = await create();
      await patch(whole, 0, image);
      for (const path of [unfinished, whole]) {
        assert.equal((await send('DELETE', path, tus)).status, 204);
        assert.equal(await offset(path), 404);
        await refuses(send('DELETE', path, tus), 404, 'not-found');
      }
    });
  });

  test('refuses what breaks the protocol', async () => {
    const path = await create();
    const noVersion = await ask(service, 'HEAD', path);
    assert.equal(noVersion.status, 412);
    assert.equal(noVersion.headers.get('tus-version'), '1.0.0');
    await refuses(send('POST', '/uploads', {}), 412, 'unsupported-tus-version');
    await refuses(send('POST', '/uploads', tus), 400, 'invalid-request');
    await refuses(send('POST', '/uploads', { ...tus, 'upload-length': '-1' }), 400, 'invalid-request');
    const deferred = send('POST', '/uploads', { ...tus, 'upload-defer-length': '1' });
    assert.match(await refuses(deferred, 400, 'invalid-request'), /[^.]\.$/);
    const text = send('PATCH', path, { ...tus, 'content-type': 'text/plain', 'upload-offset': '0' }, image);
    await refuses(text, 415, 'unsupported-media-type');
    await refuses(send('PATCH', path, piece, image), 400, 'invalid-request');
    const override = { ...piece, 'upload-offset': '0', 'x-http-method-override': 'PATCH' };
    assert.equal((await send('POST', path, override, image)).status, 405);
    await refuses(send('PATCH', '/uploads/x%2F..', { ...piece, 'upload-offset': '0' }), 404, 'not-found');
  });
}
