import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { photo } from '../../test/support/photo.ts';
import { JobClient } from '../support/client.ts';
import { watchMemory } from '../support/memory.ts';
import { round3 } from '../support/pairs.ts';
import type { Row } from '../support/row.ts';
import { startService } from '../support/start-service.ts';

export const largeImage: Row = {
  number: '9',
  work: 'JPEG of 100 megapixels in the store → 800×800',
  peer: '–',
  goal: 'peak ≤ 300 MB resident, all processes together',
  async measure() {
    await using service = await startService();
    await using client = new JobClient(service.url);
    const stored = path.join(service.folder, 'objects/shared/large.jpg');
    await mkdir(path.dirname(stored), { recursive: true });
    await photo(12_500, 8_000).jpeg().toFile(stored);
    const job = { source: { object: 'shared/large.jpg' }, outputs: [{ name: 'view', size: '800x800' }] };
    const peak = watchMemory(service.process.pid ?? 0);
    const started = performance.now();
    await client.run(JSON.stringify(job), 'application/json');
    const seconds = (performance.now() - started) / 1000;
    return { figure: round3(peak() / 1e6), unit: 'MB', seconds: round3(seconds) };
  },
};
