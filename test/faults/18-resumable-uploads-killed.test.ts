import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import path from 'node:path';
import { Upload } from 'tus-js-client';
import { eventually } from '../support/eventually.ts';
import { photo } from '../support/photo.ts';
import { Service } from '../support/service.ts';
import { fault } from './fault.ts';

const patienceMs = 120_000;
const headers = { 'tus-resumable': '1.0.0', 'content-type': 'application/offset+octet-stream' };

const row = {
  row: '18',
  fault:
    'resumable uploads: the service killed in the middle of requests, concurrent requests, the last answer lost',
  mustShow: 'content right every time, 409 where it belongs',
  inTests: { kills: 3, killsOfOne: 3, megabytes: 24, races: 5 },
  full: { kills: 100, killsOfOne: 4, megabytes: 48, races: 100 },
};

/** The service at present; its successors listen on the same port, as a restarted service does. */
interface Target {
  service: Service;
  readonly env: Record<string, string>;
}

fault(row, async ({ kills, killsOfOne, megabytes, races }, report, t) => {
  const env = { PORT: String(await freePort()), MAX_UPLOAD_BYTES: '1GiB' };
  const target: Target = { service: await Service.start(env), env };
  const { folder } = target.service;
  t.after(async () => {
    await target.service.end('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  });
  const image = await photo(800, 600).jpeg().toBuffer();
  // Decoders stop at the end of the image; what follows makes the file as large as is wanted.
  const largeImage = () => Buffer.concat([image, randomBytes(megabytes * 1_000_000)]);

  let [killed, uploads, resumed] = [0, 0, 0];
  while (killed < kills) {
    const file = largeImage();
    const points = Array.from({ length: Math.min(killsOfOne, kills - killed) }, () => Math.random() * 0.9);
    const { url, offsets } = await uploadThroughKills(target, file, points.sort());
    killed += points.length;
    uploads += 1;
    resumed += offsets.filter(offset => offset > 0).length;
    assert.ok((await stored(target, url)).equals(file), 'the bytes are right');
    if (killed >= kills) assert.equal(await jobOf(target, url), 'complete');
  }
  report('kills', killed);
  report('uploads', uploads);
  report('resumedBeyondTheStart', resumed);

  report('concurrent', await raceAll(target, races, image));
  report('conflictsAfterALostAnswer', await loseAnswers(target, races, image));
});

/** By a client that is not ours. Kills the service when so much of the file was sent; the client finds its way. */
async function uploadThroughKills(target: Target, file: Buffer, points: readonly number[]) {
  const offsets: number[] = [];
  let restarting: Promise<void> | undefined;
  let next = 0;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const upload = new Upload(file, {
    endpoint: `${target.service.url}/uploads`,
    metadata: { filename: 'large.jpg' },
    // On this machine's own network one request would be over before a signal arrives.
    chunkSize: 1_000_000,
    retryDelays: Array.from({ length: 1000 }, () => 100),
    onProgress(sent) {
      if (restarting !== undefined || sent < file.length * (points[next] ?? 2)) return;
      next += 1;
      restarting = restart(target).then(() => {
        restarting = undefined;
      }, reject);
    },
    onAfterResponse(request, response) {
      const offset = response.getHeader('Upload-Offset');
      if (request.getMethod() === 'HEAD' && offset) offsets.push(Number(offset));
    },
    onSuccess: () => resolve(),
    onError: reject,
  });
  upload.start();
  await promise;
  await restarting;
  assert.equal(next, points.length, 'every kill came before the end');
  return { url: upload.url ?? '', offsets };
}

async function restart(target: Target): Promise<void> {
  await target.service.end('SIGKILL');
  target.service = await Service.start(target.env, target.service.folder);
}

/** Two requests with the same bytes for the same place at the same time. */
async function raceAll(target: Target, races: number, image: Buffer): Promise<string> {
  const statuses: Record<number, number> = {};
  for (let race = 0; race < races; race += 1) {
    const url = await create(target, image.length);
    const answers = await Promise.all([patch(url, 0, image), patch(url, 0, image)]);
    for (const status of answers) statuses[status] = (statuses[status] ?? 0) + 1;
    assert.ok(
      answers.every(status => [204, 409, 423].includes(status)),
      `${answers}`,
    );
    const offset = await offsetOf(url);
    if (offset < image.length) assert.equal(await patch(url, offset, image.subarray(offset)), 204);
    assert.ok((await stored(target, url)).equals(image));
  }
  return Object.entries(statuses)
    .map(([status, count]) => `${count} × ${status}`)
    .join(', ');
}

/** The client hears nothing of the last piece: what it sends again is refused, and what it asks tells the end. */
async function loseAnswers(target: Target, times: number, image: Buffer): Promise<number> {
  let conflicts = 0;
  for (let time = 0; time < times; time += 1) {
    const url = await create(target, image.length);
    const half = Math.floor(image.length / 2);
    assert.equal(await patch(url, 0, image.subarray(0, half)), 204);
    const { hostname, port, pathname } = new URL(url);
    const socket = connect(Number(port), hostname);
    socket.write(
      `PATCH ${pathname} HTTP/1.1\r\nHost: localhost\r\nUpload-Offset: ${half}\r\nContent-Length: ${image.length - half}\r\n` +
        `Tus-Resumable: 1.0.0\r\nContent-Type: ${headers['content-type']}\r\n\r\n`,
    );
    socket.write(image.subarray(half));
    await eventually(
      () =>
        stored(target, url).then(
          () => true,
          () => false,
        ),
      'all of it has come',
    );
    socket.resetAndDestroy();
    if ((await patch(url, half, image.subarray(half))) === 409) conflicts += 1;
    assert.equal(await offsetOf(url), image.length);
    assert.ok((await stored(target, url)).equals(image));
  }
  assert.equal(conflicts, times);
  return conflicts;
}

async function create({ service }: Target, length: number): Promise<string> {
  const made = { 'tus-resumable': '1.0.0', 'upload-length': String(length) };
  const answer = await fetch(`${service.url}/uploads`, { method: 'POST', headers: made });
  assert.equal(answer.status, 201);
  return new URL(answer.headers.get('location') ?? '', service.url).href;
}

async function patch(url: string, offset: number, body: Buffer): Promise<number> {
  const answer = await fetch(url, {
    method: 'PATCH',
    headers: { ...headers, 'upload-offset': String(offset) },
    body: new Uint8Array(body),
  });
  await answer.bytes();
  return answer.status;
}

async function offsetOf(url: string): Promise<number> {
  const answer = await fetch(url, { method: 'HEAD', headers: { 'tus-resumable': '1.0.0' } });
  assert.equal(answer.status, 200);
  return Number(answer.headers.get('upload-offset'));
}

function stored({ service }: Target, url: string): Promise<Buffer> {
  return readFile(path.join(service.folder, 'objects/uploads', idOf(url)));
}

function idOf(url: string): string {
  return path.posix.basename(new URL(url).pathname);
}

async function jobOf({ service }: Target, url: string): Promise<string> {
  const answer = await fetch(`${service.url}/jobs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ source: { upload: idOf(url) } }),
  });
  assert.equal(answer.status, 202);
  const { id } = (await answer.json()) as { id: string };
  return eventually(
    async () => {
      const { status } = (await (await fetch(`${service.url}/jobs/${id}`)).json()) as { status: string };
      return ['complete', 'failed'].includes(status) && status;
    },
    'the job ends',
    patienceMs,
  );
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise(resolve => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise(resolve => server.close(resolve));
  return port;
}
