import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdir, rm, statfs, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { eventually } from '../support/eventually.ts';
import { photo } from '../support/photo.ts';
import { Service } from '../support/service.ts';
import { mountSmall } from '../support/small-file-system.ts';
import { fault } from './fault.ts';

const patienceMs = 120_000;

const row = {
  row: '11',
  fault: 'the disk of the object store full while uploads and outputs are written',
  mustShow:
    'uploads are refused with a retryable 503 or their job is complete later, uncounted; no partial object, nothing left behind',
  inTests: { uploads: 60, freeBytes: 1_000_000 },
  full: { uploads: 1_000, freeBytes: 8_000_000 },
};

fault(row, async ({ uploads, freeBytes }, report, t) => {
  const disk = await mountSmall(t, '256m');
  if (disk === undefined) return;
  await using service = await Service.start({
    LEASE_SECONDS: '2',
    LOG_LEVEL: 'silent',
    OBJECT_STORE_URL: `file:${disk}/objects`,
  });
  const image = await photo(600, 400).jpeg().toBuffer();
  const filler = path.join(disk, 'filler');
  const { bavail, bsize } = await statfs(disk);
  await writeFile(filler, Buffer.alloc(bavail * bsize - freeBytes));

  const { accepted, refused } = await uploadAll(service, image, uploads);
  // The last free block goes as well.
  await writeFile(path.join(disk, 'rest'), Buffer.alloc(2 * freeBytes)).catch(() => undefined);
  await eventually(async () => (await readiness(service)) === 'The storage is full.', 'readiness says so');
  const before = (await Promise.all(accepted.map(id => jobOf(service, id)))).filter(
    job => job.status !== 'complete',
  );
  for (const { status } of before) assert.match(status, /^(pending|processing)$/);
  await rm(path.join(disk, 'rest'));
  await rm(filler);
  for (const id of accepted) await completes(service, id);
  const files = async (folder: string) => {
    const entries = await readdir(path.join(disk, 'objects', folder), {
      recursive: true,
      withFileTypes: true,
    });
    return entries.filter(entry => entry.isFile()).length;
  };
  assert.equal(await files('uploads'), accepted.length);
  assert.equal(await files('.scratch'), 0);
  await eventually(async () => (await files('jobs')) === accepted.length, 'what losers left is swept');
  report('uploads', uploads);
  report('refused with 503', refused);
  report('waited for room', before.length);
  report('complete', accepted.length);
  report('left behind', 0);
});

/** Uploads it again and again; each time it is accepted, or refused as a full storage. */
async function uploadAll(service: Service, image: Buffer, uploads: number) {
  const accepted: string[] = [];
  let refused = 0;
  const lane = async () => {
    while (accepted.length + refused < uploads) {
      const { status, body } = await upload(service, image);
      if (status === 202) accepted.push(body.id);
      else {
        refused += 1;
        const full = [503, 'storage-unavailable', 'The storage is full.'];
        assert.deepEqual([status, body.code, body.detail], full);
      }
    }
  };
  await Promise.all([lane(), lane(), lane()]);
  assert.ok(refused > 0 && accepted.length > 0, `${accepted.length} accepted, ${refused} refused`);
  return { accepted, refused };
}

/** What is wrong with the object store, or null. */
async function readiness(service: Service): Promise<string | null | undefined> {
  const answer = await fetch(`${service.url}/health/ready`);
  const { parts } = (await answer.json()) as { parts: Record<string, string | null> };
  assert.equal(answer.status, parts.objectStore === null ? 200 : 503);
  return parts.objectStore;
}

/** It ends complete, with the right bytes and after one attempt that counts. */
async function completes(service: Service, id: string): Promise<void> {
  const ask = async () => {
    const job = await jobOf(service, id);
    return job.status === 'complete' && job;
  };
  const job = await eventually(ask, `job ${id} is complete`, patienceMs);
  assert.equal(job.attempts, 1, 'a full disk counts nothing against a job');
  const bytes = await (await fetch(new URL(job.location, service.url))).bytes();
  assert.equal(createHash('sha256').update(bytes).digest('hex'), job.outputs[0].sha256);
}

interface UploadAnswer {
  readonly status: number;
  readonly body: { readonly id: string; readonly code?: string; readonly detail?: string };
}

async function upload(service: Service, image: Buffer): Promise<UploadAnswer> {
  const form = new FormData();
  form.append('image', new Blob([new Uint8Array(image)]), 'photo.jpg');
  const answer = await fetch(`${service.url}/jobs`, { method: 'POST', body: form });
  return { status: answer.status, body: (await answer.json()) as UploadAnswer['body'] };
}

interface SeenJob {
  readonly status: string;
  readonly attempts: number;
  readonly location: string;
  readonly outputs: [{ sha256: string }];
}

async function jobOf(service: Service, id: string): Promise<SeenJob> {
  return (await (await fetch(`${service.url}/jobs/${id}`)).json()) as SeenJob;
}
