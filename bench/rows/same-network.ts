import { availableParallelism } from 'node:os';
import { Enlarging } from '../support/enlarging.ts';
import { Isr } from '../support/isr.ts';
import { compare } from '../support/pairs.ts';
import { randomPsnrSmall } from '../support/random-idealo.ts';
import type { Row } from '../support/row.ts';

const side = 500;
const rounds = 3;

export const sameNetwork: Row = {
  number: '5',
  work: 'idealo’s psnr-small network (random weights), 500×500 enlarged ×2',
  peer: 'idealo ISR 2.2 on TensorFlow 2.15',
  goal: '≥ 2× as fast',
  async measure() {
    await using enlarging = await Enlarging.start(side, availableParallelism());
    await using isr = await Isr.start(side);
    const network = await randomPsnrSmall(enlarging.folder);
    const megapixels = (2 * side) ** 2 / 1e6;
    const comparison = await compare(
      async () => 1000 / (await enlarging.run(network)),
      async () => (megapixels * 1000) / (await isr.run()),
      rounds,
    );
    return { figure: comparison.ratio.median, unit: 'megapixels/s', ...comparison };
  },
};
