import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';
import { ImageVerdicts } from '../support/image-verdicts.ts';
import { percentile } from '../support/percentile.ts';
import { photo } from '../support/photo.ts';
import { Service } from '../support/service.ts';
import { svgBombs } from '../support/svg-bombs.ts';
import { fault } from './fault.ts';

/** From the upload to the end. */
const longestMs = 6_000;
/** Between two good jobs. */
const paceMs = 100;

const row = {
  row: '26',
  fault: 'SVGs that expand without end, one after the other, beside 50 good jobs (ALLOW_SVG=true)',
  mustShow: 'killed in 6 s; the good jobs’ p95 at most doubled',
  // The tests of a loaded machine leave room; the figures are what counts.
  inTests: { bombs: 3, goodJobs: 20, slackMs: 5_000 },
  full: { bombs: 12, goodJobs: 50, slackMs: 50 },
};

fault(row, async ({ bombs, goodJobs, slackMs }, report) => {
  await using service = await Service.start({
    ALLOW_SVG: 'true',
    MAX_ATTEMPTS: '1',
    WORKER_CONCURRENCY: '2',
  });
  const verdicts = new ImageVerdicts(service);
  const image = await photo(1500, 1000).jpeg().toBuffer();
  for (let warming = 0; warming < 4; warming++) await verdicts.of(image, 'a good image');
  const quiet = await p95OfGoodJobs(verdicts, image, goodJobs);

  const ends: Record<string, string> = {};
  let longest = 0;
  const attack = async () => {
    for (const [name, drawing] of Object.entries(svgBombs()).slice(0, bombs)) {
      const started = performance.now();
      const verdict = await verdicts.of(Buffer.from(drawing), name, '{}', 'a.svg');
      const ms = Math.round(performance.now() - started);
      longest = Math.max(longest, ms);
      ends[name] = `${verdict} after ${ms} ms`;
    }
  };
  const [, attacked] = await Promise.all([attack(), p95OfGoodJobs(verdicts, image, goodJobs)]);
  await verdicts.isWell();
  report('bombs', bombs);
  report('longest until a bomb was over, ms', longest);
  report('p95 of good jobs without bombs, ms', quiet);
  report('p95 of good jobs beside bombs, ms', attacked);
  const told = JSON.stringify(ends);
  assert.ok(longest <= longestMs + slackMs, told);
  assert.ok(attacked <= 2 * quiet + slackMs, `${attacked} ms instead of ${quiet} ms; ${told}`);
});

/** From the upload to the end of a job, in milliseconds; the jobs come at a steady pace. */
async function p95OfGoodJobs(verdicts: ImageVerdicts, image: Buffer, count: number): Promise<number> {
  const jobs: Promise<number>[] = [];
  for (let job = 0; job < count; job++) {
    jobs.push(goodJob(verdicts, image));
    await setTimeout(paceMs);
  }
  return Math.round(percentile(await Promise.all(jobs), 0.95));
}

async function goodJob(verdicts: ImageVerdicts, image: Buffer): Promise<number> {
  const started = performance.now();
  assert.equal(await verdicts.of(image, 'a good image'), 'complete');
  return performance.now() - started;
}
