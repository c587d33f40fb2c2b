import { photo } from '../../test/support/photo.ts';
import { JobClient, multipart, send } from '../support/client.ts';
import { compare, inParallel } from '../support/pairs.ts';
import { Peer } from '../support/peer.ts';
import type { Row } from '../support/row.ts';
import { startService } from '../support/start-service.ts';

const perRound = 200;
const inFlight = 8;
const rounds = 5;

export const upload: Row = {
  number: '1b',
  work: 'the same by upload',
  peer: 'bare node:http that writes the same image to a file, fsyncs it and runs sharp; same client',
  goal: '≥ 0.85 of its images/s',
  async measure() {
    await using service = await startService();
    await using peer = await Peer.start('bare-sharp.ts');
    await using client = new JobClient(service.url);
    const image = await photo(3000, 2000).jpeg().toBuffer();
    const { body, contentType } = multipart(image, 'photo.jpg');
    const ours = async () =>
      perRound /
      (await inParallel(perRound, inFlight, async () => {
        await client.run(body, contentType);
      }));
    const bare = async () =>
      perRound /
      (await inParallel(perRound, inFlight, async () => {
        const { status } = await send('POST', peer.url, image);
        if (status !== 200) throw new Error(`the peer answered ${status}`);
      }));
    const comparison = await compare(ours, bare, rounds);
    return { figure: comparison.ratio.median, unit: 'images/s', ...comparison };
  },
};
