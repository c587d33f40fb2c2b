import assert from 'node:assert/strict';
import type { OpenJobStore } from '../../src/job-store/open-job-store.ts';
import { eventually } from '../support/eventually.ts';
import { percentile } from '../support/percentile.ts';
import { startRelay } from '../support/relaying.ts';
import { openTestSqlite } from '../support/sqlite-file.ts';
import { endJob } from '../support/told-jobs.ts';
import { type Answer, startReceiver, type WebhookReceiver } from '../support/webhook-receiver.ts';
import { fault } from './fault.ts';

const slowAnswerMs = 29_000;
const receivers = 50;
/** Deliveries to the slow one in each round, far more than it takes. */
const toSlow = 10;

const row = {
  row: '37',
  fault: 'one webhook receiver of 50 takes 29 s an answer',
  mustShow: "the others' p95 is at most doubled",
  // `noiseMs` is what a busy machine makes of a p95: all of one round wait for the same disk.
  inTests: { rounds: 6, noiseMs: 1_000 },
  full: { rounds: 300, noiseMs: 50 },
};

fault(row, async ({ rounds, noiseMs }, report) => {
  await using cleanup = new AsyncDisposableStack();
  const quick = await openSetting(cleanup, 0);
  const beside = await openSetting(cleanup, slowAnswerMs);
  const [among, besides]: [number[], number[]] = [[], []];
  // The first round opens connections and warms up. By turns, so that the machine's own load is on both.
  for (let round = 0; round <= rounds; round += 1) {
    const latencies = [await tellAll(quick), await tellAll(beside)] as const;
    if (round === 0) continue;
    among.push(...latencies[0]);
    besides.push(...latencies[1]);
  }
  report('deliveries to the others, each time', among.length);
  const p95 = (values: readonly number[]) => Math.round(percentile(values, 0.95));
  report('p95 ms, all quick', p95(among));
  report('p95 ms, beside the slow one', p95(besides));
  assert.ok(p95(besides) <= 2 * Math.max(p95(among), noiseMs), `${p95(among)} ms and ${p95(besides)} ms`);
});

/** A store with a relay and all receivers, one of which takes its time. */
interface Setting {
  readonly store: OpenJobStore;
  readonly one: WebhookReceiver;
  readonly others: readonly WebhookReceiver[];
}

async function openSetting(cleanup: AsyncDisposableStack, answerMs: number): Promise<Setting> {
  const { store } = cleanup.use(await openTestSqlite());
  const others: WebhookReceiver[] = [];
  for (let index = 1; index < receivers; index += 1) others.push(cleanup.use(await startReceiver()));
  const timers = new Set<NodeJS.Timeout>();
  const answer: Answer = response => {
    timers.add(setTimeout(() => response.writeHead(204).end(), answerMs));
  };
  const one = cleanup.use(await startReceiver(answer));
  cleanup.defer(() => timers.forEach(clearTimeout));
  cleanup.use(startRelay(store));
  return { store, one, others };
}

/** Ends a job for each of the others, and more for the one; resolves to the milliseconds until each of them knew. */
async function tellAll({ store, one, others }: Setting): Promise<number[]> {
  const started = new Map<string, number>();
  const seen = others.map(({ calls }) => calls.length);
  for (let extra = 0; extra < toSlow; extra += 1) await endJob(store, [{ url: one.url }]);
  const ended = others.map(async ({ url }) => {
    const id = await endJob(store, [{ url }]);
    started.set(id, performance.now());
  });
  await Promise.all(ended);
  const allKnow = () => others.every(({ calls }, index) => calls.length > (seen[index] ?? 0));
  await eventually(allKnow, 'the others were told', 60_000);
  const arrivals = others.flatMap(({ calls }, index) => calls.slice(seen[index]));
  return arrivals.map(({ at, body }) => at - (started.get(JSON.parse(body).data.id) ?? Number.NaN));
}
