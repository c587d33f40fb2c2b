import assert from 'node:assert/strict';
import { readdir, readFile, readlink } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { BalancedClient } from '../support/balanced-client.ts';
import { photo } from '../support/photo.ts';
import { type SeenJob, SentJobs } from '../support/sent-jobs.ts';
import { Service } from '../support/service.ts';
import { svgBombs } from '../support/svg-bombs.ts';
import { fault } from './fault.ts';

const sizes = {
  // On a busy machine a rate says little.
  inTests: { neighbours: 40, deadly: 1, leastShare: 0.1 },
  full: { neighbours: 1_000, deadly: 10, leastShare: 0.8 },
};
const mustShow =
  'each fails after its tries; neighbours finish at 80 % of their rate or more, and all are complete';

const crashing = 'images that crash their renderer (SIGSEGV) at every try, among others';
fault(
  { row: '5', fault: crashing, mustShow, ...sizes },
  async ({ neighbours, deadly, leastShare }, report) => {
    await using service = await Service.start({ LOG_LEVEL: 'fatal' });
    const client = new BalancedClient(() => [service.url]);
    // A WebP is open in its renderer until its output is encoded, which takes seconds: it is found there in time.
    const large = await photo(4_000, 3_000).webp().toBuffer();
    const images = new SentJobs(client, large, { outputs: [{ name: 'large', format: 'avif', quality: 90 }] });
    using _crashes = crashRenderers(service, images);
    const share = await shareOfRate(client, neighbours, () => images.send(deadly));
    const ended = await images.allEnded();
    for (const { status, message, tries } of ended) {
      assert.deepEqual([status, message], ['failed', 'The renderer crashed on this image.']);
      assert.deepEqual(
        tries.map(({ result }) => result),
        ['requeued', 'requeued', 'failed'],
      );
    }
    tell(report, neighbours, ended, share);
    assert.ok(share >= leastShare, `${share}`);
  },
);

const eating = 'an SVG that eats the processor and the memory of its renderer, among others';
fault({ row: '5b', fault: eating, mustShow, ...sizes }, async ({ neighbours, leastShare }, report) => {
  await using service = await Service.start({ ALLOW_SVG: 'true', LOG_LEVEL: 'fatal' });
  const client = new BalancedClient(() => [service.url]);
  const bomb = Buffer.from(svgBombs()['groups that use groups'] ?? '');
  const images = new SentJobs(client, bomb);
  const share = await shareOfRate(client, neighbours, () => images.send(1));
  const ended = await images.allEnded();
  for (const { status, message } of ended) {
    assert.equal(status, 'failed');
    assert.match(message, /longer than|memory/);
  }
  tell(report, neighbours, ended, share);
  assert.ok(share >= leastShare, `${share}`);
});

/** The rate at which neighbours end that come together with deadly images, as a share of that of others alone. */
async function shareOfRate(
  client: BalancedClient,
  neighbours: number,
  sendDeadly: () => Promise<void>,
): Promise<number> {
  const image = await photo(1500, 1000).jpeg().toBuffer();
  const alone = new SentJobs(client, image, outputOf('webp'));
  await alone.send(neighbours);
  const rateAlone = rateOf(await alone.allComplete());
  const beside = new SentJobs(client, image, outputOf('webp'));
  await Promise.all([sendDeadly(), beside.send(neighbours)]);
  return rateOf(await beside.allComplete()) / rateAlone;
}

function outputOf(format: string) {
  return { outputs: [{ name: 'web', width: 1000, format }] };
}

/** Ended a second. */
function rateOf(jobs: readonly SeenJob[]): number {
  const starts = jobs.map(({ start }) => Date.parse(start));
  const ends = jobs.map(({ finish }) => Date.parse(finish ?? ''));
  return (1_000 * jobs.length) / (Math.max(...ends) - Math.min(...starts));
}

function tell(
  report: (name: string, figure: number) => void,
  neighbours: number,
  deadly: SeenJob[],
  share: number,
) {
  report('deadly images', deadly.length);
  report('tries of them', deadly.flatMap(({ tries }) => tries).length);
  report('neighbours', neighbours);
  report("their rate, % of others' alone", Math.round(share * 100));
}

/** Kills each renderer in which one of these images is open. Linux only. */
function crashRenderers({ process: { pid } }: Service, images: SentJobs): Disposable {
  const over = new AbortController();
  const killed = new Set<string>();
  const kill = async () => {
    while (!over.signal.aborted) {
      const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
      for (const renderer of children.split(' ')) {
        const isDeadly = (await openFiles(renderer)).some(file => images.uploads.has(file));
        if (!isDeadly || killed.has(renderer)) continue;
        killed.add(renderer);
        try {
          process.kill(Number(renderer), 'SIGSEGV');
        } catch {
          // It has just ended by itself.
        }
      }
      await setTimeout(10);
    }
  };
  void kill();
  return { [Symbol.dispose]: () => over.abort() };
}

/** Their names, without the folders. */
async function openFiles(pid: string): Promise<string[]> {
  const folder = `/proc/${pid}/fd`;
  const numbers = await readdir(folder).catch(() => []);
  const files = await Promise.all(numbers.map(number => readlink(path.join(folder, number)).catch(() => '')));
  return files.map(file => path.basename(file));
}
