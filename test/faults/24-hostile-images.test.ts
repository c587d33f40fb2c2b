import assert from 'node:assert/strict';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { codes } from '../../src/errors/codes.ts';
import { TintypeError } from '../../src/errors/tintype-error.ts';
import { damagedImage } from '../support/damaged-image.ts';
import { generatedImages } from '../support/generated-images.ts';
import { foreignImages } from '../support/image-corpora.ts';
import { imageLimits } from '../support/image-limits.ts';
import { ImageVerdicts } from '../support/image-verdicts.ts';
import { inLanes } from '../support/lanes.ts';
import { lyingImages } from '../support/lying-images.ts';
import { RendererMemory } from '../support/renderer-memory.ts';
import { TestPool } from '../support/renderer-pool.ts';
import { seededNumbers } from '../support/seeded-numbers.ts';
import { Service } from '../support/service.ts';
import { testData } from '../support/test-data.ts';
import { fault } from './fault.ts';

const seed = 20_261;
const lanes = 2;
const mebibyte = 2 ** 20;

/** An image, or where one is; `what` names it where it gets a wrong verdict. */
interface Hostile {
  readonly what: string;
  readonly image: () => Promise<Buffer>;
}

const row = {
  row: '24',
  fault:
    "hostile images: Pillow's and Debian's test images, seeded mutations of PngSuite and of every format",
  mustShow: 'the service never dies; each verdict in 15 s; a renderer stays under its memory cap',
  inTests: { mutations: 60, foreign: 30, throughService: 20 },
  full: { mutations: 1_500, foreign: 5_000, throughService: 200 },
};

fault(row, async (size, report, t) => {
  const hostile = [...(await foreign(size.foreign)), ...(await mutations(size.mutations))];
  report('images', hostile.length);

  await using renderers = await TestPool.create({ size: lanes, limits: { allowSvg: true } });
  await using memory = new RendererMemory();
  const verdicts: Record<string, number> = {};
  let longestMs = 0;
  await inLanes(lanes, hostile, async ({ what, image }, index) => {
    const file = renderers.file(`image-${index}`);
    await writeFile(file, await image());
    const started = performance.now();
    const verdict = await renderers.render(file, { size: '100x100' }).then(
      () => 'complete',
      (error: unknown) => codeOf(error, what),
    );
    const ms = performance.now() - started;
    await rm(file);
    if (ms > 5_000) t.diagnostic(`${what}: ${verdict} after ${Math.round(ms)} ms`);
    if (verdict === 'render-crashed') t.diagnostic(`${what}: ${verdict}`);
    assert.ok(ms < 15_000, `${what}: ${verdict} after ${Math.round(ms)} ms`);
    longestMs = Math.max(longestMs, ms);
    verdicts[verdict] = (verdicts[verdict] ?? 0) + 1;
  });
  t.diagnostic(JSON.stringify(verdicts));
  assert.ok((verdicts.complete ?? 0) > 0, 'some of them are good enough');
  report('made', verdicts.complete ?? 0);
  report('longest verdict, ms', Math.round(longestMs));
  report('renderers that crashed', verdicts['render-crashed'] ?? 0);
  const most = await memory.most();
  report('most memory of a renderer, MiB', Math.round(most / mebibyte));
  assert.ok(most <= memory.atStart + imageLimits.maxRenderBytes + 64 * mebibyte, `${most} bytes`);

  await throughService(everyNth(hostile, size.throughService));
  report('of them through a whole service', Math.min(size.throughService, hostile.length));
});

/** The same by HTTP: whatever is sent, the one process lives, and makes a thumbnail afterwards. */
async function throughService(hostile: readonly Hostile[]): Promise<void> {
  await using service = await Service.start({ ALLOW_SVG: 'true', MAX_ATTEMPTS: '1' });
  const verdicts = new ImageVerdicts(service);
  for (const { what, image, verdict, job } of await lyingImages()) {
    assert.equal(await verdicts.of(image, what, job), verdict, what);
  }
  await inLanes(lanes, hostile, async ({ what, image }) => {
    await verdicts.of(await image(), what);
  });
  await verdicts.isWell();
}

async function foreign(count: number): Promise<Hostile[]> {
  if (!testData('the test images of Pillow and of Debian’s source packages')) return [];
  const files = everyNth(await foreignImages(), count);
  return files.map(file => ({ what: file, image: () => readFile(file) }));
}

async function mutations(count: number): Promise<Hostile[]> {
  const folder = testData('mutations of PngSuite', 'images/pngsuite');
  const names = folder === undefined ? [] : await readdir(folder);
  const suite = await Promise.all(
    names.filter(name => name.endsWith('.png')).map(name => readFile(path.join(folder ?? '', name))),
  );
  const own = await generatedImages();
  return Array.from({ length: count }, (_, index) => {
    const image = async () => {
      // A seed for each, so that one can be made again alone.
      const next = seededNumbers(seed + index);
      const images = index % 4 === 0 && suite.length > 0 ? suite : own;
      const [good, other] = [images[next(images.length)], own[next(own.length)]];
      return damagedImage(good ?? Buffer.alloc(0), other ?? Buffer.alloc(0), next);
    };
    return { what: `mutation ${index} of seed ${seed}`, image };
  });
}

/** As many as asked for, spread over all. */
function everyNth<T>(all: readonly T[], count: number): T[] {
  const step = Math.max(1, all.length / count);
  return all.filter((_, index) => Math.floor(index / step) !== Math.floor((index - 1) / step));
}

/** Only what is the image's fault: never `internal`. */
function codeOf(error: unknown, what: string): string {
  assert.ok(error instanceof TintypeError, `${what}: ${error}`);
  const { status } = codes[error.code];
  assert.ok(status >= 400 && status < 500, `${what}: ${error.code} ${error.message} ${error.cause}`);
  assert.ok(!error.message.includes('/'), `${what}: ${error.message}`);
  return error.code;
}
