import { cp, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { photo } from '../../test/support/photo.ts';
import { JobClient, send } from '../support/client.ts';
import { compare, inParallel } from '../support/pairs.ts';
import { Peer } from '../support/peer.ts';
import type { Row } from '../support/row.ts';
import { startService } from '../support/start-service.ts';

const images = 1_000;
const inFlight = 8;
const rounds = 5;

export const storedSource: Row = {
  number: '1',
  work: 'JPEG of 6 megapixels in the store → 100×100: accepted, queued, rendered, stored, told; 8 in flight',
  peer: 'bare sharp behind bare node:http, same client, same options',
  goal: '≥ 0.95 of its images/s',
  async measure() {
    await using service = await startService();
    await using peer = await Peer.start('bare-sharp.ts');
    await using client = new JobClient(service.url);
    const file = path.join(service.folder, 'photo.jpg');
    const stored = path.join(service.folder, 'objects/shared/photo.jpg');
    await photo(3000, 2000).jpeg().toFile(file);
    await mkdir(path.dirname(stored), { recursive: true });
    await cp(file, stored);
    const job = JSON.stringify({
      source: { object: 'shared/photo.jpg' },
      outputs: [{ name: 'thumb', size: '100x100', fit: 'cover' }],
    });
    const perRound = images / rounds;
    const ours = async () => perRound / (await inParallel(perRound, inFlight, () => submit(client, job)));
    const bare = async () =>
      perRound /
      (await inParallel(perRound, inFlight, () => fetchImage(`${peer.url}/${encodeURIComponent(file)}`)));
    const comparison = await compare(ours, bare, rounds);
    return { figure: comparison.ratio.median, unit: 'images/s', ...comparison };
  },
};

async function submit(client: JobClient, job: string): Promise<void> {
  await client.run(job, 'application/json');
}

async function fetchImage(url: string): Promise<void> {
  const { status } = await send('GET', url);
  if (status !== 200) throw new Error(`the peer answered ${status}`);
}
