import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';
import { eventually } from '../support/eventually.ts';
import { percentile } from '../support/percentile.ts';
import { photo } from '../support/photo.ts';
import { Service } from '../support/service.ts';
import { metric, peakMemory } from '../support/service-facts.ts';
import { fault } from './fault.ts';

/** The service's process without its renderers. */
const mostMemory = 400;
const tickMs = 20;
const patienceMs = 900_000;

const row = {
  row: '19',
  fault: 'ten times the load it can take',
  mustShow: `429 or 503 with Retry-After, memory of the service's process at most ${mostMemory} MB, every accepted job ends`,
  inTests: { seconds: 4, queue: 15, trial: 15 },
  full: { seconds: 300, queue: 1_000, trial: 200 },
};

/** What was asked for and what came back. */
interface Tally {
  readonly answers: Record<number, number>;
  readonly milliseconds: number[];
  readonly accepted: string[];
}

fault(row, async ({ seconds, queue, trial }, report) => {
  await using service = await Service.start({ MAX_QUEUED_JOBS_PER_OWNER: String(queue) });
  const image = new Blob([new Uint8Array(await photo(1200, 800).jpeg().toBuffer())]);
  const capacity = await jobsPerSecond(service, image, trial);
  // A short round has to fill its queue, too.
  const rate = Math.max(capacity * 10, (queue * 3) / seconds);

  const tally: Tally = { answers: {}, milliseconds: [], accepted: [] };
  const started = performance.now();
  const running = new Set<Promise<void>>();
  let sent = 0;
  for (let now = 0; now < seconds; now = (performance.now() - started) / 1_000) {
    // As many as are due by now, whether or not the earlier ones are answered.
    for (; sent < now * rate; sent += 1) {
      const request = submit(service, image, tally);
      running.add(request);
      void request.finally(() => running.delete(request));
    }
    await setTimeout(tickMs);
  }
  await Promise.all(running);

  const refused = (tally.answers[429] ?? 0) + (tally.answers[503] ?? 0);
  report('jobs a second it can take', Math.round(capacity));
  report('seconds', seconds);
  report('submissions a second', Math.round(sent / seconds));
  report('accepted', tally.accepted.length);
  report('refused', refused);
  report('answer p99 ms', Math.round(percentile(tally.milliseconds, 0.99)));
  const memory = await peakMemory(service);
  report('peak memory MB', memory);
  assert.ok(refused > 0, 'it was too much');
  assert.ok(memory <= mostMemory, `${memory} MB`);
  await allEnd(service);
  for (const id of tally.accepted) {
    const job = await (await fetch(`${service.url}/jobs/${id}`)).json();
    assert.equal((job as { status: string }).status, 'complete', JSON.stringify(job));
  }
  report('memory at the end MB', await peakMemory(service));
});

/** How many jobs it ends in a second when it has enough of them. */
async function jobsPerSecond(service: Service, image: Blob, jobs: number): Promise<number> {
  const tally: Tally = { answers: {}, milliseconds: [], accepted: [] };
  const started = performance.now();
  await Promise.all(Array.from({ length: jobs }, () => submit(service, image, tally)));
  await allEnd(service);
  return tally.accepted.length / ((performance.now() - started) / 1_000);
}

async function submit({ url }: Service, image: Blob, tally: Tally): Promise<void> {
  const body = new FormData();
  body.append('image', image, 'photo.jpg');
  body.append('job', JSON.stringify({ outputs: [{ name: 'web', width: 1200, format: 'webp' }] }));
  const asked = performance.now();
  const answer = await fetch(`${url}/jobs`, { method: 'POST', body });
  const job = (await answer.json()) as { id: string };
  tally.milliseconds.push(performance.now() - asked);
  tally.answers[answer.status] = (tally.answers[answer.status] ?? 0) + 1;
  if (answer.status === 202) tally.accepted.push(job.id);
  else {
    assert.ok([429, 503].includes(answer.status), JSON.stringify(job));
    assert.match(answer.headers.get('retry-after') ?? '', /^[1-9]\d*$/);
  }
}

async function allEnd(service: Service): Promise<void> {
  const open = async () =>
    (await metric(service, 'tintype_jobs{status="pending"}')) +
    (await metric(service, 'tintype_jobs{status="processing"}'));
  await eventually(async () => (await open()) === 0, 'all jobs end', patienceMs);
}
