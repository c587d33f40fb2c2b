import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { connect } from 'node:net';
import path from 'node:path';
import { eventually } from '../support/eventually.ts';
import { pngOf } from '../support/http-service.ts';
import { Service } from '../support/service.ts';
import { openDescriptors } from '../support/service-facts.ts';
import { fault } from './fault.ts';

const atOnce = 10;

const row = {
  row: '15',
  fault: 'uploads cut at random',
  mustShow: '0 jobs, 0 temporary files, file descriptors steady',
  inTests: { uploads: 50 },
  full: { uploads: 1_000 },
};

fault(row, async ({ uploads }, report) => {
  await using service = await Service.start();
  const request = uploadRequest(pngOf(1_000_000));
  // What opens once and stays open is open from the first on.
  await cutUpload(service, request.subarray(0, -1));
  await eventually(async () => (await files(service)).length === 0, 'the first is gone');
  const before = await openDescriptors(service);
  for (let done = 0; done < uploads; done += atOnce) {
    const batch = Array.from({ length: atOnce }, () => {
      const length = 1 + Math.floor(Math.random() * (request.length - 1));
      return cutUpload(service, request.subarray(0, length));
    });
    await Promise.all(batch);
  }
  await eventually(async () => (await files(service)).length === 0, 'no files are left', 30_000);
  await eventually(async () => (await openDescriptors(service)) <= before, 'no descriptors are left', 30_000);
  const { jobs } = (await (await fetch(`${service.url}/jobs`)).json()) as { jobs: unknown[] };
  assert.equal(jobs.length, 0);
  report('uploads', uploads);
  report('jobs', jobs.length);
  report('temporaryFiles', (await files(service)).length);
  report('descriptorsBefore', before);
  report('descriptorsAfter', await openDescriptors(service));
});

function uploadRequest(image: Buffer): Buffer {
  const body = Buffer.concat([
    Buffer.from('--b\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n\r\n'),
    image,
    Buffer.from('\r\n--b--\r\n'),
  ]);
  const head =
    'POST /jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=b\r\n' +
    `Content-Length: ${body.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
}

async function cutUpload({ url }: Service, part: Buffer): Promise<void> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => {});
  socket.write(part, () => socket.resetAndDestroy());
  await once(socket, 'close');
}

async function files({ folder }: Service): Promise<string[]> {
  const entries = await readdir(path.join(folder, 'objects'), { recursive: true, withFileTypes: true });
  return entries.filter(entry => entry.isFile()).map(entry => entry.name);
}
