import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import sharp from 'sharp';
import { TintypeError } from '../../src/errors/tintype-error.ts';
import type { Job } from '../../src/jobs/job.ts';
import type { ObjectStore } from '../../src/jobs/object-store.ts';
import { hasEnded } from '../../src/jobs/states.ts';
import { eventually } from '../support/eventually.ts';
import { FaultyProxy, type ProxyFault } from '../support/faulty-proxy.ts';
import { photo } from '../support/photo.ts';
import { Pipeline } from '../support/pipeline.ts';
import { openS3Store, unfinishedUploads } from '../support/s3-stores.ts';
import { realServer } from '../support/servers/real-server.ts';
import { startVersitygw } from '../support/servers/versitygw.ts';
import { fault } from './fault.ts';

/** Of a request through the proxy; what is a time-out to it. The service has 30 s. */
const idleMs = 2_000;
/** For each thing that is waited for, on a slow machine. */
const patienceMs = 240_000;
const lanes = 24;
const { signal } = new AbortController();
/** One job in so many has an original that goes in by parts. */
const largeEvery = 20;

const row = {
  row: '12',
  fault: 'the object store answers 30 % 503 and 10 % time-outs',
  mustShow:
    'all done; never complete with a missing or wrong object; no stranded multipart upload after the sweep',
  inTests: { jobs: 40 },
  full: { jobs: 5_000 },
};

fault(row, async ({ jobs }, report) => {
  await using server = await realServer('faults of S3', startVersitygw);
  if (server === undefined) return;
  await using proxy = await FaultyProxy.start(server.endpoint);
  await using spoilt = await openS3Store(server, { endpoint: proxy.url, idleMs });
  await using sound = await openS3Store(server, { prefix: spoilt.prefix });
  await using pipeline = await Pipeline.open({ objects: spoilt.store, leaseMs: 5_000 });
  proxy.spoil = spoil;
  const started = performance.now();
  pipeline.startWorker({ slots: lanes });

  const { ids, refused } = await submitAll(pipeline, jobs);
  const ended: Job[] = [];
  for (const id of ids) ended.push(await endOf(pipeline, id));
  report('jobs', ended.length);
  report('seconds', Math.round((performance.now() - started) / 1000));
  report('requests', proxy.requests.length);
  for (const [kind, times] of proxy.spoilt) report(kind, times);
  report('submissions refused and sent again', refused);
  const failed = ended.filter(({ status }) => status !== 'complete');
  assert.deepEqual(
    failed.map(({ failure }) => failure),
    [],
    'all are complete',
  );

  let wrong = 0;
  for (const { outputs } of ended) {
    for (const { stored } of outputs) if (!(await isRight(sound.store, stored))) wrong += 1;
  }
  report('missing or wrong objects', wrong);
  assert.equal(wrong, 0);

  // The sweeps go through the proxy as well, and begin again until they come to their end.
  const stranded = (await unfinishedUploads(server, spoilt.prefix)).length;
  report('stranded multipart uploads before the sweep', stranded);
  await eventually(() => succeeds(spoilt.store.tidy('', 0, signal)), 'the store is tidied', patienceMs);
  await eventually(() => succeeds(pipeline.sweeper.clean()), 'leftovers are swept', patienceMs);
  assert.deepEqual(await unfinishedUploads(server, spoilt.prefix), []);
  const outputs = [];
  for await (const { key } of sound.store.list('jobs/')) outputs.push(key);
  assert.deepEqual(outputs.sort(), ended.flatMap(job => job.outputs.map(({ stored }) => stored?.key)).sort());
});

/** 30 % and 10 %; half of the time-outs are of requests that were done. */
function spoil(): ProxyFault | undefined {
  const drawn = Math.random();
  if (drawn < 0.3) return 'busy';
  if (drawn < 0.35) return 'silent';
  return drawn < 0.4 ? 'answer lost' : undefined;
}

/** As many clients at once as there are lanes; each sends what was refused again. */
async function submitAll(pipeline: Pipeline, jobs: number): Promise<{ ids: string[]; refused: number }> {
  const small = await photo(400, 300).jpeg().toBuffer();
  const large = await noise().png({ compressionLevel: 0 }).toBuffer();
  const ids: string[] = [];
  let refused = 0;
  const turns = Array.from({ length: jobs }, (_, i) => i).values();
  const lane = async () => {
    for (const turn of turns) {
      const submit = () => pipeline.submit(turn % largeEvery === 0 ? large : small);
      const job = await eventually(() => submit().catch(refusal), `job ${turn} is accepted`, patienceMs);
      ids.push(job.id);
    }
  };
  const refusal = (error: unknown): undefined => {
    if (!(error instanceof TintypeError) || error.code !== 'storage-unavailable') throw error;
    refused += 1;
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return { ids, refused };
}

/** A little more than a part. */
function noise() {
  const [width, height] = [1500, 1200];
  return sharp(randomBytes(width * height * 3), { raw: { width, height, channels: 3 } });
}

async function endOf(pipeline: Pipeline, id: string): Promise<Job> {
  const ask = async () => {
    const job = await pipeline.store.jobs.get(id);
    return job !== undefined && hasEnded(job.status) && job;
  };
  return eventually(ask, `job ${id} ends`, patienceMs);
}

async function isRight(store: ObjectStore, stored: Job['outputs'][number]['stored']): Promise<boolean> {
  const content = stored && (await buffer(await store.read(stored.key)).catch(() => undefined));
  return content !== undefined && createHash('sha256').update(content).digest('hex') === stored?.sha256;
}

async function succeeds(work: Promise<unknown>): Promise<boolean> {
  return work.then(
    () => true,
    () => false,
  );
}
