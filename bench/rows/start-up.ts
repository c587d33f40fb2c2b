import { median } from '../../test/support/percentile.ts';
import { photo } from '../../test/support/photo.ts';
import { multipart, send } from '../support/client.ts';
import { round3 } from '../support/pairs.ts';
import type { Row } from '../support/row.ts';
import { startService } from '../support/start-service.ts';

export const startUp: Row = {
  number: '12',
  work: 'from the start of the program to the first accepted upload, embedded, empty folder, 7 times',
  peer: '–',
  goal: '≤ 1 s',
  async measure() {
    const { body, contentType } = multipart(await photo(640, 480).jpeg().toBuffer(), 'small.jpg');
    const seconds: number[] = [];
    for (let start = 0; start < 7; start += 1) {
      const started = performance.now();
      await using service = await startService();
      const { status } = await send('POST', `${service.url}/jobs`, body, { 'content-type': contentType });
      if (status !== 202) throw new Error(`not accepted: ${status}`);
      seconds.push((performance.now() - started) / 1000);
    }
    return { figure: round3(median(seconds)), unit: 's', most: round3(Math.max(...seconds)) };
  },
};
