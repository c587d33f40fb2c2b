import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import {
  jobOf,
  loseAnswers,
  raceAll,
  type UploadTarget,
  uploadThroughKills,
} from '../support/killed-uploads.ts';
import { photo } from '../support/photo.ts';
import { freePort } from '../support/servers/server-process.ts';
import { Service } from '../support/service.ts';
import { fault } from './fault.ts';

const row = {
  row: '18',
  fault:
    'resumable uploads: the service killed in the middle of requests, concurrent requests, the last answer lost',
  mustShow: 'content right every time, 409 where it belongs',
  inTests: { kills: 3, killsOfOne: 3, megabytes: 24, races: 5 },
  full: { kills: 100, killsOfOne: 4, megabytes: 48, races: 100 },
};
/** On this machine's own network one request would be over before a signal arrives. */
const chunkSize = 1_000_000;

fault(row, async ({ kills, killsOfOne, megabytes, races }, report, t) => {
  const env = { PORT: String(await freePort()), MAX_UPLOAD_BYTES: '1GiB' };
  let service = await Service.start(env);
  const { folder, url } = service;
  t.after(async () => {
    await service.end('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  });
  // Its successors listen on the same port, as a restarted service does.
  const target: UploadTarget = {
    url,
    urls: () => [url],
    async kill() {
      await service.end('SIGKILL');
      service = await Service.start(env, folder);
    },
    stored: upload => readFile(path.join(folder, 'objects/uploads', upload)),
  };
  const image = await photo(800, 600).jpeg().toBuffer();
  // Decoders stop at the end of the image; what follows makes the file as large as is wanted.
  const largeImage = () => Buffer.concat([image, randomBytes(megabytes * 1_000_000)]);

  let [killed, uploads, resumed] = [0, 0, 0];
  while (killed < kills) {
    const file = largeImage();
    const points = Array.from({ length: Math.min(killsOfOne, kills - killed) }, () => Math.random() * 0.9);
    const { id, offsets } = await uploadThroughKills(target, file, points.sort(), chunkSize);
    killed += points.length;
    uploads += 1;
    resumed += offsets.filter(offset => offset > 0).length;
    assert.ok((await target.stored(id)).equals(file), 'the bytes are right');
    if (killed >= kills) assert.equal(await jobOf(target, id), 'complete');
  }
  report('kills', killed);
  report('uploads', uploads);
  report('resumedBeyondTheStart', resumed);

  report('concurrent', await raceAll(target, races, image));
  report('conflictsAfterALostAnswer', await loseAnswers(target, races, image));
});
