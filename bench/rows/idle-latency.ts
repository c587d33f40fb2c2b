import { percentile } from '../../test/support/percentile.ts';
import { photo } from '../../test/support/photo.ts';
import { JobClient, multipart } from '../support/client.ts';
import { round3 } from '../support/pairs.ts';
import type { Row } from '../support/row.ts';
import { startService } from '../support/start-service.ts';

export const idleLatency: Row = {
  number: '7',
  work: 'submit → complete on an idle service, JPEG of 640×480 by upload, one at a time, 300 times',
  peer: '–',
  goal: 'p95 ≤ 50 ms',
  async measure() {
    await using service = await startService();
    await using client = new JobClient(service.url);
    const { body, contentType } = multipart(await photo(640, 480).jpeg().toBuffer(), 'small.jpg');
    for (let job = 0; job < 20; job += 1) await client.run(body, contentType);
    const times: number[] = [];
    for (let job = 0; job < 300; job += 1) {
      const started = performance.now();
      await client.run(body, contentType);
      times.push(performance.now() - started);
    }
    return { figure: round3(percentile(times, 0.95)), unit: 'ms', p50: round3(percentile(times, 0.5)) };
  },
};
