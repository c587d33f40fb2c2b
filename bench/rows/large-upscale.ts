import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { photo } from '../../test/support/photo.ts';
import { JobClient } from '../support/client.ts';
import { watchMemory } from '../support/memory.ts';
import { round3 } from '../support/pairs.ts';
import type { Row } from '../support/row.ts';
import { startService } from '../support/start-service.ts';

export const largeUpscale: Row = {
  number: '6 large',
  work: 'photo of 24 megapixels in the store, enlarged ×2 by psnr-small, JPEG',
  peer: '–',
  goal: 'peak ≤ 1,000 MB resident, all processes together',
  async measure() {
    await using service = await startService();
    await using client = new JobClient(service.url);
    const stored = path.join(service.folder, 'objects/shared/large.jpg');
    await mkdir(path.dirname(stored), { recursive: true });
    await photo(6_000, 4_000).jpeg().toFile(stored);
    const job = {
      source: { object: 'shared/large.jpg' },
      outputs: [{ name: 'large', upscale: { model: 'psnr-small', scale: 2 } }],
    };
    const peak = watchMemory(service.process.pid ?? 0);
    const started = performance.now();
    await client.run(JSON.stringify(job), 'application/json');
    const seconds = (performance.now() - started) / 1000;
    return { figure: round3(peak() / 1e6), unit: 'MB', seconds: round3(seconds) };
  },
};
