import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import sharp from 'sharp';
import { svg } from '../support/crafted-images.ts';
import { decodePng } from '../support/png-decoder.ts';
import { TestPool } from '../support/renderer-pool.ts';
import { fault } from './fault.ts';

const formats = ['webp', 'png', 'jpeg', 'gif', 'tiff', 'svg'] as const;

const row = {
  row: '28',
  fault: 'the same path written again and again, as another image and as another format',
  mustShow: 'no stale pixels',
  inTests: { writes: 60 },
  full: { writes: 1_000 },
};

fault(row, async ({ writes }, report) => {
  // One renderer, so that whatever it keeps is asked for again.
  await using renderers = await TestPool.create({ size: 1, limits: { allowSvg: true } });
  const [source, watermark] = [renderers.file('same'), renderers.file('same-watermark')];
  const options = { format: 'png', watermark: { object: 'shared/a', position: 'southeast' } } as const;
  let stale = 0;
  for (let write = 0; write < writes; write++) {
    const red = (write * 37) % 256;
    const blue = (write * 91) % 256;
    await writeFile(
      source,
      await plain(formats[write % formats.length] ?? 'png', { r: red, g: 100, b: 50 }, 32),
    );
    await writeFile(watermark, await plain('png', { r: 50, g: 100, b: blue }, 8));
    const output = await renderers.render(source, options, { watermark });
    const { rgba } = decodePng(await readFile(output.path));
    const isFresh = isNear(rgba[0], red) && isNear(rgba.at(-2), blue);
    if (!isFresh) stale++;
  }
  report('writes', writes);
  report('stale', stale);
  assert.equal(stale, 0);
});

async function plain(
  format: (typeof formats)[number],
  background: { r: number; g: number; b: number },
  side: number,
): Promise<Buffer> {
  const { r, g, b } = background;
  if (format === 'svg')
    return Buffer.from(svg(`<rect width="500" height="500" fill="rgb(${r},${g},${b})"/>`));
  return sharp({ create: { width: side, height: side, channels: 3, background } })
    .toFormat(format)
    .toBuffer();
}

/** JPEG, WebP and a palette change a colour a little. */
function isNear(found = Number.NaN, expected: number): boolean {
  return Math.abs(found - expected) <= 6;
}
