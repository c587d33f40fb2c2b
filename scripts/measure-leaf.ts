// Measures memory and processor time of each process of the leaf system, at rest and at work, for the requests and limits
// of its manifests (docs/leaf-kubernetes.md). Linux; about two minutes.
//   node bin/node24.js scripts/measure-leaf.ts [TINTYPE.JS]      of an installed package instead of this working copy
// LEAF_PHOTOS: photos for the image API, as elsewhere.
import { setTimeout } from 'node:timers/promises';
import { residentBytes } from '../bench/support/memory.ts';
import { processorSeconds } from '../bench/support/processor.ts';
import { freshLeafVariables, startLeafServers } from '../test/support/leaf.ts';
import { LeafProcess } from '../test/support/leaf-process.ts';
import { photo } from '../test/support/photo.ts';
import { temporaryFolder } from '../test/support/temporary-folder.ts';

const [program] = process.argv.slice(2);
const restMs = 20_000;
const workMs = 40_000;
const sampleMs = 100;
const callers = 4;
/** Of the photos that the analyzer gets, one in so many is the largest that it takes: 64 megapixels. */
const largeEvery = 40;
const plants = ['potato', 'tomato', 'pepper'];
const jobs = ['camera', 'recognizer', 'users', 'synchronizer'];
/** A hundred times as often as they are set to. */
const busy = {
  CAMERA_SECONDS: '1',
  RECOGNIZER_SECONDS: '1',
  USERS_ACTIVATE_SECONDS: '3',
  USERS_METADATA_SECONDS: '3',
  USERS_DELETE_SECONDS: '7',
  SYNCHRONIZER_SECONDS: '6',
};

await using servers = await startLeafServers();
await using folder = await temporaryFolder();
const { LEAF_PHOTOS } = process.env;
const variables = {
  ...(await freshLeafVariables(servers)),
  LEAF_STATE: folder.path,
  ...(LEAF_PHOTOS && { LEAF_PHOTOS }),
};
await using running = new AsyncDisposableStack();
const start = async (name: string, more: Record<string, string> = {}) =>
  running.use(await LeafProcess.start(name, { ...variables, ...more }, program));

const api = await start('image-api');
const analyzer = await start('analyzer');
const consumer = await start('consumer');
const urls = { IMAGE_API_URL: api.url, IMAGE_ANALYZER_URL: analyzer.url };
const resting = await startJobs(urls);
const services = { 'image-api': api, analyzer, consumer };
await setTimeout(5_000);
const rest = await measure({ ...services, ...resting }, restMs, async () => {});
for (const job of Object.values(resting)) await job.end('SIGTERM');
const done = { changes: 0, reads: 0, photos: 0 };
const work = await measure({ ...services, ...(await startJobs({ ...urls, ...busy })) }, workMs, giveWork);
const { total_images: copies } = (await answer(`${consumer.url}/image-plant/tomato/`)) as Page;
console.log(`\nDone in ${workMs / 1_000} s:`, done, `tomatoes: ${copies}`);
console.table(
  Object.keys(rest).map(name => ({ name, ...prefixed('rest', rest[name]), ...prefixed('work', work[name]) })),
);

interface Page {
  readonly total_images: number;
  readonly image_list: readonly { readonly data: string }[];
}

interface Figures {
  readonly mb: number;
  readonly millicores: number;
}

async function startJobs(more: Record<string, string>): Promise<Record<string, LeafProcess>> {
  const started = await Promise.all(jobs.map(async name => [name, await start(name, more)] as const));
  return Object.fromEntries(started);
}

/** The most memory, and processor time by wall time, while `during` runs and for `ms` at least. */
async function measure(
  processes: Record<string, LeafProcess>,
  ms: number,
  during: (signal: AbortSignal) => Promise<void>,
): Promise<Record<string, Figures>> {
  const watched = Object.entries(processes).map(([name, { pid = 0 }]) => ({
    name,
    pid,
    most: 0,
    before: processorSeconds(pid),
  }));
  const over = AbortSignal.timeout(ms);
  const began = performance.now();
  const sample = async () => {
    while (!over.aborted) {
      for (const one of watched) one.most = Math.max(one.most, residentBytes(one.pid));
      await setTimeout(sampleMs);
    }
  };
  await Promise.all([sample(), during(over)]);
  const seconds = (performance.now() - began) / 1_000;
  return Object.fromEntries(
    watched.map(({ name, pid, most, before }) => [
      name,
      {
        mb: Math.round(most / 2 ** 20),
        millicores: Math.round(((processorSeconds(pid) - before) / seconds) * 1_000),
      },
    ]),
  );
}

/** As fast as each caller is answered. */
async function giveWork(over: AbortSignal): Promise<void> {
  const small = await photo(256, 256).jpeg().toBuffer();
  const large = await photo(8_000, 8_000).jpeg({ quality: 50 }).toBuffer();
  const untilOver = async (call: (round: number) => Promise<void>) => {
    for (let round = 0; !over.aborted; round++) await call(round);
  };
  const plantOf = (round: number) => plants[round % plants.length];
  await Promise.all(
    Array.from({ length: callers }, () => [
      untilOver(async round => {
        const url = `${api.url}/image-plant/${plantOf(round)}/`;
        const made = { camera_id: round, gps_coordinates: [46.2, 6.1] };
        const { id } = (await answer(url, 'PUT', made)) as { id: number };
        await answer(url, 'POST', { id, is_active: true });
        done.changes += 2;
      }),
      untilOver(async round => {
        const { url } = round % 2 === 0 ? api : consumer;
        await answer(`${url}/image-plant/${plantOf(round)}/?limit=${round % 10 === 0 ? 100 : 10}`);
        done.reads++;
      }),
      untilOver(async round => {
        const body = round % largeEvery === largeEvery - 1 ? large : small;
        const headers = { 'content-type': 'image/jpeg' };
        const url = `${analyzer.url}/${plantOf(round)}/disease-classify`;
        const { status } = await fetch(url, { method: 'POST', body, headers });
        if (status !== 200) throw new Error(`The analyzer answered ${status}.`);
        done.photos++;
      }),
    ]).flat(),
  );
}

async function answer(url: string, method = 'GET', body?: object): Promise<unknown> {
  const answered = await fetch(url, {
    method,
    ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  if (!answered.ok) throw new Error(`${method} ${url}: ${answered.status} ${await answered.text()}`);
  return answered.json();
}

function prefixed(prefix: string, figures: Figures | undefined): Record<string, number | undefined> {
  return { [`${prefix} MiB`]: figures?.mb, [`${prefix} millicores`]: figures?.millicores };
}
