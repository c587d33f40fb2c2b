import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { attemptPrefix, type Claim } from '../../src/jobs/attempt-store.ts';
import { uploadKey } from '../../src/jobs/upload-store.ts';
import { percentile } from '../support/percentile.ts';
import { Pipeline } from '../support/pipeline.ts';
import { completed, newJob, ref } from '../support/stored-jobs.ts';
import { fault } from './fault.ts';

const row = {
  row: 'expiry-at-once',
  fault: 'thousands of jobs with two outputs and an upload that expire at the same moment',
  mustShow: 'claims and submissions go on: 99 % answered in 250 ms',
  inTests: { jobs: 500 },
  full: { jobs: 10_000 },
};

/** The one moment, for jobs that are made one after the other: long ago by the time all are there. */
const retentionMs = 1;
const longestMs = 250;
const image = Buffer.alloc(4_000, 7);

fault(row, async ({ jobs }, report) => {
  await using pipeline = await Pipeline.open();
  for (let made = 0; made < jobs; made += 50) {
    await Promise.all(Array.from({ length: 50 }, () => submit(pipeline)));
    await completeAll(pipeline, 50);
  }
  const idle = await latencies(pipeline, work => (work < 200 ? 'go on' : 'enough'));
  const started = performance.now();
  let isClean = false;
  const cleaning = pipeline.sweeper.clean().then(() => {
    isClean = true;
    report('jobs expired and deleted per s', Math.round(jobs / ((performance.now() - started) / 1000)));
  });
  const busy = await latencies(pipeline, () => (isClean ? 'enough' : 'go on'));
  await cleaning;
  report('jobs', jobs);
  const tenths = (ms: number) => Math.round(ms * 10) / 10;
  report('submit and claim idle p99 ms', tenths(percentile(idle, 0.99)));
  report('submit and claim meanwhile p50 ms', tenths(percentile(busy, 0.5)));
  report('p99 ms', tenths(percentile(busy, 0.99)));
  report('max ms', tenths(Math.max(...busy)));
  assert.deepEqual(await pipeline.leftInStore(), []);
  assert.ok(percentile(busy, 0.99) < longestMs, `p99 is ${percentile(busy, 0.99)} ms`);
});

async function submit({ store, objects }: Pipeline): Promise<void> {
  const upload = newJob().id;
  await store.uploads.create({ id: upload, owner: 'ann', filename: 'cat.jpg' });
  await objects.put(uploadKey(upload), Readable.from([image]));
  const outputs = ['a', 'b'].map(name => ({ name, filename: `${name}.jpg`, options: {} }));
  await store.jobs.submit(newJob({ source: { upload, filename: 'cat.jpg' }, outputs, retentionMs }));
}

async function completeAll({ store, objects }: Pipeline, jobs: number): Promise<void> {
  const claims = await store.attempts.claim('worker', jobs, 60_000);
  const complete = async (claim: Claim) => {
    for (const { name } of claim.job.outputs)
      await objects.put(`${attemptPrefix(ref(claim))}${name}`, Readable.from([image]));
    await store.attempts.end(ref(claim), completed(claim));
  };
  await Promise.all(claims.map(complete));
}

/** Submits a job and claims it, one after the other; resolves to how long each pair took, in milliseconds. */
async function latencies({ store }: Pipeline, next: (done: number) => 'go on' | 'enough'): Promise<number[]> {
  const taken: number[] = [];
  while (next(taken.length) === 'go on') {
    const started = performance.now();
    await store.jobs.submit(newJob());
    const [claim] = await store.attempts.claim('worker', 1, 60_000);
    taken.push(performance.now() - started);
    assert.ok(claim);
  }
  return taken;
}
