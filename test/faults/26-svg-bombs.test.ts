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
  fault: 'SVGs that expand without end, one after the other, beside good jobs, 50 at least (ALLOW_SVG=true)',
  mustShow: 'killed in 6 s; the good jobs’ p95 at most doubled',
  // The tests of a loaded machine leave room; the figures are what counts.
  inTests: { bombs: 3, goodJobs: 20, slackMs: 5_000 },
  full: { bombs: 12, goodJobs: 50, slackMs: 0 },
};

fault(row, async ({ bombs, goodJobs, slackMs }, report) => {
  await using service = await Service.start({
    ALLOW_SVG: 'true',
    MAX_ATTEMPTS: '1',
    WORKER_CONCURRENCY: '2',
  });
  const verdicts = new ImageVerdicts(service);
  const image = await photo(1500, 1000).jpeg().toBuffer();
  // Both renderers are started.
  await Promise.all(Array.from({ length: 4 }, () => verdicts.of(image, 'a good image')));
  const quiet = await timesOfGoodJobs(verdicts, image, count => count < goodJobs);

  const ends: Record<string, string> = {};
  let longest = 0;
  let underAttack = true;
  const attack = async () => {
    for (const [name, drawing] of Object.entries(svgBombs()).slice(0, bombs)) {
      const started = performance.now();
      const verdict = await verdicts.of(Buffer.from(drawing), name, '{}', 'a.svg');
      const ms = Math.round(performance.now() - started);
      longest = Math.max(longest, ms);
      ends[name] = `${verdict} after ${ms} ms`;
    }
    underAttack = false;
  };
  const [, beside] = await Promise.all([
    attack(),
    timesOfGoodJobs(verdicts, image, count => underAttack || count < goodJobs),
  ]);
  await verdicts.isWell();
  const [quietP95, attackedP95] = [percentile(quiet, 0.95), percentile(beside, 0.95)];
  report('bombs', bombs);
  report('good jobs beside them', beside.length);
  report('longest until a bomb was over, ms', longest);
  report('p95 of good jobs without bombs, ms', Math.round(quietP95));
  report('p95 of good jobs beside bombs, ms', Math.round(attackedP95));
  const told = JSON.stringify(ends);
  assert.ok(longest <= longestMs + slackMs, told);
  assert.ok(attackedP95 <= 2 * quietP95 + slackMs, `${attackedP95} ms instead of ${quietP95} ms; ${told}`);
});

/** From the upload to the end of each job, in milliseconds; the jobs come at a steady pace. */
async function timesOfGoodJobs(
  verdicts: ImageVerdicts,
  image: Buffer,
  more: (count: number) => boolean,
): Promise<number[]> {
  const jobs: Promise<number>[] = [];
  while (more(jobs.length)) {
    jobs.push(goodJob(verdicts, image));
    await setTimeout(paceMs);
  }
  return Promise.all(jobs);
}

async function goodJob(verdicts: ImageVerdicts, image: Buffer): Promise<number> {
  const started = performance.now();
  assert.equal(await verdicts.of(image, 'a good image'), 'complete');
  return performance.now() - started;
}
