import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { percentile } from '../../test/support/percentile.ts';
import { photo } from '../../test/support/photo.ts';
import { JobClient, send } from '../support/client.ts';
import { round3 } from '../support/pairs.ts';
import type { Row } from '../support/row.ts';
import { startService } from '../support/start-service.ts';

export const statusUnderLoad: Row = {
  number: '13',
  work: 'GET /jobs/{id} 50 times a second while every core encodes (100 jobs of 24 megapixels to AVIF)',
  peer: 'the same service idle',
  goal: 'p99 ≤ 100 ms',
  async measure() {
    await using service = await startService();
    await using client = new JobClient(service.url);
    const stored = path.join(service.folder, 'objects/shared/photo.jpg');
    await mkdir(path.dirname(stored), { recursive: true });
    await photo(6000, 4000).jpeg().toFile(stored);
    const source = { object: 'shared/photo.jpg' };
    const small = JSON.stringify({ source, outputs: [{ name: 'thumb', size: '100x100' }] });
    const id = await client.run(small, 'application/json');
    const idle = await statusTimes(service.url, id);
    const large = JSON.stringify({ source, outputs: [{ name: 'large', width: 2000, format: 'avif' }] });
    for (let job = 0; job < 100; job += 1) {
      await send('POST', `${service.url}/jobs`, large, { 'content-type': 'application/json' });
    }
    const busy = await statusTimes(service.url, id);
    return {
      figure: round3(percentile(busy, 0.99)),
      unit: 'ms',
      p50: round3(percentile(busy, 0.5)),
      idleP99: round3(percentile(idle, 0.99)),
    };
  },
};

/** Milliseconds of 500 requests, 20 ms apart, started on time even if one is late. */
async function statusTimes(url: string, id: string): Promise<number[]> {
  const times: number[] = [];
  const requests: Promise<void>[] = [];
  for (let request = 0; request < 500; request += 1) {
    requests.push(
      (async () => {
        const started = performance.now();
        await send('GET', `${url}/jobs/${id}`);
        times.push(performance.now() - started);
      })(),
    );
    await new Promise(resolve => setTimeout(resolve, 20));
  }
  await Promise.all(requests);
  return times;
}
