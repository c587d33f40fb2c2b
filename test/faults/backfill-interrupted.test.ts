import assert from 'node:assert/strict';
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { type Document, MongoClient } from 'mongodb';
import { resizeSizes } from '../../src/answers/resize-sizes.ts';
import { startHttp } from '../support/counting-server.ts';
import { eventually } from '../support/eventually.ts';
import { photo } from '../support/photo.ts';
import { launcher } from '../support/program.ts';
import { secantusUrl, startSecantusDb } from '../support/servers/secantusdb.ts';
import { embedded, Service } from '../support/service.ts';
import { fault } from './fault.ts';

const patienceMs = 1_800_000;

const row = {
  row: 'backfill',
  fault: 'a backfill that is killed when a third of its documents is done, and stopped when two thirds are',
  mustShow: 'run again, it does the rest: every document has its infos, no image was made twice',
  inTests: { count: 60 },
  full: { count: 1_000 },
};

fault(row, async ({ count }, report, t) => {
  await using server = await startSecantusDb();
  if (!server) return t.skip('SecantusDB could not be had');
  const url = secantusUrl(server, 'shows');
  await using client = new MongoClient(url);
  const channel = client.db().collection('channel');
  const asked = new Map<string, number>();
  const bytes = await photo(320, 256).jpeg().toBuffer();
  await using images = await startHttp((request, response) => {
    const path = request.url ?? '';
    asked.set(path, (asked.get(path) ?? 0) + 1);
    if (path.startsWith('/none')) response.writeHead(404).end();
    else response.writeHead(200, { 'content-type': 'image/jpeg' }).end(bytes);
  });
  // One of ten is not there.
  const address = (index: number) => `${images.url}/${index % 10 === 0 ? 'none' : 'photo'}/${index}`;
  await channel.insertMany(Array.from({ length: count }, (_, index) => ({ image_url: address(index) })));
  const env = {
    MONGO_URL: url,
    IMAGES_BUCKET: 'pictures',
    ALLOW_PRIVATE_ADDRESSES: '127.0.0.0/8',
    BACKFILL_SCHEDULE: 'never',
    MAX_QUEUED_JOBS: String(Math.max(20, count / 5)),
  };
  await using service = await Service.start(env);
  const settings = { ...embedded(service.folder), ...env };

  const started = performance.now();
  const written = () => channel.countDocuments({ image_url_info: { $exists: true } });
  for (const [share, signal] of [
    [1 / 3, 'SIGKILL'],
    [2 / 3, 'SIGINT'],
  ] as const) {
    const run = start(settings);
    await eventually(async () => (await written()) >= count * share, `${share} are written`, patienceMs);
    run.kill(signal);
    await once(run, 'exit');
  }
  const last = start(settings);
  const [said, [code]] = await Promise.all([text(last.stdout), once(last, 'exit')]);
  assert.equal(code, 0, said);
  report('seconds', Math.round((performance.now() - started) / 1000));

  const documents = await channel.find().toArray();
  const complete = documents.filter(document => isWhole(document));
  const failed = documents.filter(({ image_url_info: info }) => info?.error?.code === 'source-not-found');
  assert.equal(complete.length, count - Math.ceil(count / 10));
  assert.equal(failed.length, Math.ceil(count / 10));
  const twice = [...asked.values()].filter(times => times > 1).length;
  assert.equal(twice, 0, 'no image is fetched twice');
  report('documents', count);
  report('with all sizes', complete.length);
  report('with an error, as they must', failed.length);
  report('made twice', twice);
  assert.match(said, /channel: \d+ documents/);
});

function start(env: Record<string, string>): ChildProcessByStdio<null, Readable, null> {
  return spawn(process.execPath, [launcher, 'backfill', '--collection', 'channel'], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}

function isWhole({ image_url_info: info }: Document): boolean {
  return resizeSizes.every(({ size }) => info?.[size]?.bucket_path === 'images-resized/channel/');
}
