import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import sharp from 'sharp';
import { RendererPool } from '../../src/images/renderer-pool.ts';
import { Metrics } from '../../src/telemetry/metrics.ts';
import { shippedModels } from '../../test/support/models.ts';
import { photo } from '../../test/support/photo.ts';
import { compare } from '../support/pairs.ts';
import type { Row } from '../support/row.ts';

const sizes = [50, 250, 800];
const imagesPerRound = 20;

export const threeSizes: Row = {
  number: '2',
  work: 'one JPEG of 6 megapixels → 50×50, 250×250, 800×800',
  peer: 'sharp three times from the file',
  goal: '≥ 1.4× as fast',
  async measure() {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'tintype-bench-'));
    const source = path.join(folder, 'photo.jpg');
    await photo(3000, 2000).jpeg().toFile(source);
    const pool = new RendererPool({
      ...shippedModels,
      size: 1,
      limits: { maxPixels: 1e8, maxOutputPixels: 4e8, maxRenderBytes: 2 ** 29, allowSvg: false },
      memoryBytes: 2 ** 30,
      logger: pino({ level: 'silent' }),
      metrics: new Metrics(),
    });
    const { signal } = new AbortController();
    const header = await pool.inspect(source, signal);
    const outputs = sizes.map(size => ({
      name: `s${size}`,
      options: { width: size, height: size, fit: 'cover' as const },
      target: path.join(folder, `ours-${size}.jpg`),
    }));
    const perSecond = async (render: () => Promise<unknown>) => {
      const started = performance.now();
      for (let image = 0; image < imagesPerRound; image += 1) await render();
      return (imagesPerRound * 1000) / (performance.now() - started);
    };
    sharp.cache(false);
    const ours = () => perSecond(() => pool.render({ source, header, outputs }, signal));
    const peer = () =>
      perSecond(async () => {
        for (const size of sizes) {
          const target = path.join(folder, `peer-${size}.jpg`);
          await sharp(source).autoOrient().resize(size, size, { fit: 'cover' }).jpeg().toFile(target);
        }
      });
    try {
      const comparison = await compare(ours, peer, 7);
      return { figure: comparison.ratio.median, unit: 'images/s', ...comparison };
    } finally {
      await pool.stop();
      await rm(folder, { recursive: true });
    }
  },
};
