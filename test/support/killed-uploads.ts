import assert from 'node:assert/strict';
import { connect } from 'node:net';
import path from 'node:path';
import { Upload } from 'tus-js-client';
import { eventually } from './eventually.ts';

const patienceMs = 120_000;
const headers = { 'tus-resumable': '1.0.0', 'content-type': 'application/offset+octet-stream' };

/** A service that takes uploads and can be killed. */
export interface UploadTarget {
  /** Where it is found, also after it was killed. */
  readonly url: string;
  /** All its processes that take uploads at present. */
  urls(): readonly string[];
  /** Kills the process that is found there; resolves when another one is. */
  kill(): Promise<void>;
  /** The bytes of a whole upload; rejects while it is not whole. */
  stored(upload: string): Promise<Buffer>;
}

/**
 * By a client that is not ours. Kills the service when so much of the file was sent; the client finds its way.
 * @param points fractions of the file
 * @param chunkSize of one request, in bytes
 */
export async function uploadThroughKills(
  target: UploadTarget,
  file: Buffer,
  points: readonly number[],
  chunkSize: number,
) {
  const offsets: number[] = [];
  let killing: Promise<void> | undefined;
  let next = 0;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const upload = new Upload(file, {
    endpoint: `${target.url}/uploads`,
    metadata: { filename: 'large.jpg' },
    chunkSize,
    retryDelays: Array.from({ length: 1000 }, () => 100),
    onProgress(sent) {
      if (killing !== undefined || sent < file.length * (points[next] ?? 2)) return;
      next += 1;
      killing = target.kill().then(() => {
        killing = undefined;
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
  await killing;
  assert.equal(next, points.length, 'every kill came before the end');
  return { id: idOf(upload.url ?? ''), offsets };
}

/** Two requests with the same bytes for the same place at the same time; resolves to their answers. */
export async function raceAll(target: UploadTarget, races: number, image: Buffer): Promise<string> {
  const statuses: Record<number, number> = {};
  for (let race = 0; race < races; race += 1) {
    const upload = await create(target, image.length);
    const [first = target.url, second = first] = target.urls();
    const answers = await Promise.all([first, second].map(url => patch(url + upload, 0, image)));
    for (const status of answers) statuses[status] = (statuses[status] ?? 0) + 1;
    assert.ok(
      answers.every(status => [204, 409, 423].includes(status)),
      `${answers}`,
    );
    const offset = await offsetOf(target.url + upload);
    if (offset < image.length) {
      assert.equal(await patch(target.url + upload, offset, image.subarray(offset)), 204);
    }
    assert.ok((await target.stored(idOf(upload))).equals(image));
  }
  return Object.entries(statuses)
    .map(([status, count]) => `${count} × ${status}`)
    .join(', ');
}

/** The client hears nothing of the last piece: what it sends again is refused, and what it asks tells the end. */
export async function loseAnswers(target: UploadTarget, times: number, image: Buffer): Promise<number> {
  let conflicts = 0;
  for (let time = 0; time < times; time += 1) {
    const upload = await create(target, image.length);
    const url = target.url + upload;
    const half = Math.floor(image.length / 2);
    assert.equal(await patch(url, 0, image.subarray(0, half)), 204);
    const { hostname, port, pathname } = new URL(url);
    const socket = connect(Number(port), hostname);
    socket.write(
      `PATCH ${pathname} HTTP/1.1\r\nHost: localhost\r\nUpload-Offset: ${half}\r\nContent-Length: ${image.length - half}\r\n` +
        `Tus-Resumable: 1.0.0\r\nContent-Type: ${headers['content-type']}\r\n\r\n`,
    );
    socket.write(image.subarray(half));
    const whole = () =>
      target.stored(idOf(upload)).then(
        () => true,
        () => false,
      );
    await eventually(whole, 'all of it has come');
    socket.resetAndDestroy();
    if ((await patch(url, half, image.subarray(half))) === 409) conflicts += 1;
    assert.equal(await offsetOf(url), image.length);
    assert.ok((await target.stored(idOf(upload))).equals(image));
  }
  assert.equal(conflicts, times);
  return conflicts;
}

/** Resolves to how a job for the upload ended. */
export async function jobOf({ url }: UploadTarget, upload: string): Promise<string> {
  const answer = await fetch(`${url}/jobs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ source: { upload } }),
  });
  assert.equal(answer.status, 202);
  const { id } = (await answer.json()) as { id: string };
  return eventually(
    async () => {
      const { status } = (await (await fetch(`${url}/jobs/${id}`)).json()) as { status: string };
      return ['complete', 'failed'].includes(status) && status;
    },
    'the job ends',
    patienceMs,
  );
}

/** Resolves to its path. */
async function create({ url }: UploadTarget, length: number): Promise<string> {
  const made = { 'tus-resumable': '1.0.0', 'upload-length': String(length) };
  const answer = await fetch(`${url}/uploads`, { method: 'POST', headers: made });
  assert.equal(answer.status, 201);
  return new URL(answer.headers.get('location') ?? '', url).pathname;
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

function idOf(url: string): string {
  return path.posix.basename(url);
}
