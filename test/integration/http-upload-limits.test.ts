import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { suite, test } from 'node:test';
import { uploadKey } from '../../src/jobs/upload-store.ts';
import { eventually } from '../support/eventually.ts';
import {
  leavesNothing as leavesNothingIn,
  postJob,
  refuses,
  unnamedUploads,
} from '../support/http-requests.ts';
import { form, pngOf, rawConnection, startHttpService } from '../support/http-service.ts';
import { suiteService } from '../support/suite-service.ts';

suite('The limits of an upload', () => {
  const service = suiteService();

  const post = (...request: [body: FormData | object | string, headers?: Record<string, string>]) =>
    postJob(service, ...request);

  const leavesNothing = (work: () => Promise<unknown>) => leavesNothingIn(service, work);

  test('refuses a file over the limit, announced or not, and reads little more than the limit', async () => {
    await leavesNothing(async () => {
      await refuses(post(form(['image', pngOf(1_048_577), 'a.png'])), 413, 'upload-too-large');
      await refuses(post(form(['image', pngOf(3_000_000), 'a.png'])), 413, 'upload-too-large');
      let socket: Socket | undefined;
      let readBefore = 0;
      const remember = (message: unknown) => {
        socket = (message as { socket: Socket }).socket;
        readBefore = socket.bytesRead;
      };
      subscribe('http.server.request.start', remember);
      const answer = await fetch(`${service.url}/jobs`, {
        method: 'POST',
        headers: { 'content-type': 'multipart/form-data; boundary=b' },
        body: Readable.from(endlessImage(), { objectMode: false }) as unknown as ReadableStream,
        duplex: 'half',
      } as RequestInit);
      assert.equal(answer.status, 413);
      assert.equal(((await answer.json()) as { code: string }).code, 'upload-too-large');
      unsubscribe('http.server.request.start', remember);
      const over = (socket?.bytesRead ?? 0) - readBefore - 1_048_576;
      // Node reads 64 KiB at once, and of what is too much it reads no more than the first such chunk.
      assert.ok(over <= 65_536 + 1024, `${over} bytes too many`);
    });
  });

  test('takes a file of exactly the limit', async () => {
    const { status } = await post(form(['image', pngOf(1_048_576), 'a.png']));
    assert.equal(status, 202);
  });

  test('keeps the connection usable after a refusal that was read to its end', async () => {
    const socket = await rawConnection(service);
    const body = Buffer.concat([
      Buffer.from('--b\r\nContent-Disposition: form-data; name="image"; filename="a"\r\n\r\n'),
      Buffer.alloc(900_000, 'x'),
      Buffer.from('\r\n--b--\r\n'),
    ]);
    const head =
      'POST /jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=b\r\n' +
      `Content-Length: ${body.length}\r\n\r\n`;
    const answers = text(socket);
    for (let request = 0; request < 3; request++) {
      socket.write(head);
      socket.write(body);
    }
    socket.write('GET /ping HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    const all = await answers;
    assert.equal(all.match(/HTTP\/1\.1 415/g)?.length, 3);
    assert.equal(all.match(/HTTP\/1\.1 200/g)?.length, 1);
  });

  test('leaves nothing of 200 uploads that are cut off anywhere', async () => {
    const openFiles = async () => (await readdir('/proc/self/fd').catch(() => [])).length;
    const body = Buffer.concat([
      Buffer.from('--b\r\nContent-Disposition: form-data; name="image"; filename="a"\r\n\r\n'),
      pngOf(400_000),
      Buffer.from('\r\n--b--\r\n'),
    ]);
    const head = `POST /jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: ${body.length}\r\n\r\n`;
    const request = Buffer.concat([Buffer.from(head), body]);
    await service.stores.uploads.create({ id: 'counted', owner: 'local', filename: 'a' });
    assert.equal(await unnamedUploads(service), 1);
    await service.stores.uploads.forget(['counted']);
    const jobs = async () => (await service.stores.jobs.list({}, { limit: 200 })).jobs.length;
    const filesBefore = (await service.files()).length;
    const [openBefore, jobsBefore] = [await openFiles(), await jobs()];
    for (let cut = 0; cut < 200; cut++) {
      const socket = await rawConnection(service);
      // Spread over the whole request, as a random choice would be, but the same in every run.
      const length = 1 + ((cut * 7919 * 31) % (request.length - 1));
      socket.write(request.subarray(0, length), () => socket.resetAndDestroy());
      await once(socket, 'close');
    }
    await eventually(
      async () => (await unnamedUploads(service)) === 0 && (await service.files()).length === filesBefore,
      'rows and files are gone',
    );
    assert.equal(await jobs(), jobsBefore);
    await eventually(async () => (await openFiles()) <= openBefore + 2, 'files are closed');
  });

  test('streams an upload: memory does not grow with the file', async t => {
    const roomy = await startHttpService({ maxUploadBytes: 67_108_864 });
    t.after(() => roomy.stop());
    const readKilobytes = async () =>
      Number(/^VmRSS:\s+(\d+)/m.exec(await readFile('/proc/self/status', 'utf8').catch(() => ''))?.[1] ?? 0);
    const upload = async () => {
      const answer = await fetch(`${roomy.url}/jobs`, {
        method: 'POST',
        headers: { 'content-type': 'multipart/form-data; boundary=b' },
        body: Readable.from(endlessImage(60 * 2 ** 20), {
          objectMode: false,
        }) as unknown as ReadableStream,
        duplex: 'half',
      } as RequestInit);
      assert.equal(answer.status, 202);
      const { source } = (await answer.json()) as { source: { upload: string } };
      assert.equal(await roomy.objects.size(uploadKey(source.upload)), 60 * 2 ** 20);
    };
    // The first one brings the collector's own slack up to what it takes.
    await upload();
    const before = await readKilobytes();
    let peak = 0;
    const watch = setInterval(async () => {
      peak = Math.max(peak, await readKilobytes());
    }, 10);
    await upload();
    clearInterval(watch);
    assert.ok(peak - before < 40_000, `grew by ${peak - before} KiB`);
  });
});

/** A multipart body whose image has this many bytes. */
function* endlessImage(total = Number.POSITIVE_INFINITY): Generator<Buffer> {
  yield Buffer.from('--b\r\nContent-Disposition: form-data; name="image"; filename="a"\r\n\r\n');
  const first = pngOf(65_536);
  // One chunk over and over: the client runs in this process and must not grow either.
  const rest = Buffer.alloc(65_536, 7);
  for (let left = total; left > 0; left -= 65_536) {
    yield left === total ? first : rest;
  }
  yield Buffer.from('\r\n--b--\r\n');
}
