import assert from 'node:assert/strict';
import type { OpenJobStore } from '../../src/job-store/open-job-store.ts';
import { eventually } from '../support/eventually.ts';
import { startRelay } from '../support/relaying.ts';
import { openTestSqlite } from '../support/sqlite-file.ts';
import { endJob } from '../support/told-jobs.ts';
import { startReceiver, type WebhookReceiver } from '../support/webhook-receiver.ts';
import { fault } from './fault.ts';

const slowAnswerMs = 29_000;
const receivers = 50;
/** Deliveries to the slow one in each round, far more than it takes. */
const toSlow = 10;
/** What the machine's own noise makes of a p95 that is next to nothing. */
const noiseMs = 25;

const row = {
  row: '37',
  fault: 'one webhook receiver of 50 takes 29 s an answer',
  mustShow: "the others' p95 is at most doubled",
  inTests: { rounds: 6 },
  full: { rounds: 60 },
};

fault(row, async ({ rounds }, report) => {
  await using cleanup = new AsyncDisposableStack();
  const { store } = cleanup.use(await openTestSqlite());
  const others: WebhookReceiver[] = [];
  for (let index = 1; index < receivers; index += 1) others.push(cleanup.use(await startReceiver()));
  let slow = false;
  const timers = new Set<NodeJS.Timeout>();
  const one = cleanup.use(
    await startReceiver(response => {
      if (slow) timers.add(setTimeout(() => response.writeHead(204).end(), slowAnswerMs));
      else response.writeHead(204).end();
    }),
  );
  cleanup.defer(() => timers.forEach(clearTimeout));
  cleanup.use(startRelay(store));

  // The first round opens connections and warms up.
  await tellAll(store, one, others, 1);
  const [quick] = [await tellAll(store, one, others, rounds)];
  slow = true;
  const [beside] = [await tellAll(store, one, others, rounds)];
  report('deliveries to the others, each time', quick.length);
  report('p95 ms, all quick', p95(quick));
  report('p95 ms, beside the slow one', p95(beside));
  assert.ok(p95(beside) <= 2 * Math.max(p95(quick), noiseMs), `${p95(quick)} ms and ${p95(beside)} ms`);
});

/** Ends jobs of which all are told, and resolves to how long it took until the others knew, in milliseconds. */
async function tellAll(
  store: OpenJobStore,
  one: WebhookReceiver,
  others: readonly WebhookReceiver[],
  rounds: number,
): Promise<number[]> {
  const started = new Map<string, number>();
  const seen = others.map(({ calls }) => calls.length);
  for (let round = 1; round <= rounds; round += 1) {
    for (let extra = 0; extra < toSlow; extra += 1) await endJob(store, [{ url: one.url }]);
    const ended = others.map(async ({ url }) => {
      const id = await endJob(store, [{ url }]);
      started.set(id, performance.now());
    });
    await Promise.all(ended);
    const allKnow = () => others.every(({ calls }, index) => calls.length >= (seen[index] ?? 0) + round);
    await eventually(allKnow, 'the others were told', 60_000);
  }
  const arrivals = others.flatMap(({ calls }, index) => calls.slice(seen[index]));
  return arrivals.map(({ at, body }) => at - (started.get(JSON.parse(body).data.id) ?? Number.NaN));
}

function p95(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return Math.max(0, Math.round(sorted[Math.floor(sorted.length * 0.95)] ?? 0));
}
