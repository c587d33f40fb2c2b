import { availableParallelism } from 'node:os';
import path from 'node:path';
import type { ModelNetwork, Precision } from '../../src/super-resolution/model-library.ts';
import { Enlarging } from '../support/enlarging.ts';
import { Isr } from '../support/isr.ts';
import { compare } from '../support/pairs.ts';
import { randomPsnrSmall } from '../support/random-idealo.ts';
import type { Row } from '../support/row.ts';

const side = 500;
const rounds = 3;

export const sameNetworkRows: readonly Row[] = [row('5', 'float32'), row('5 int8', 'int8')];

function row(number: string, precision: Precision): Row {
  return {
    number,
    work: `idealo’s psnr-small network (random weights, ${precision}), 500×500 enlarged ×2`,
    peer: 'idealo ISR 2.2 on TensorFlow 2.15',
    goal: '≥ 2× as fast',
    async measure() {
      await using enlarging = await Enlarging.start(side, availableParallelism());
      await using isr = await Isr.start(side);
      const network = inPrecision(await randomPsnrSmall(enlarging.folder), precision);
      const megapixels = (2 * side) ** 2 / 1e6;
      const comparison = await compare(
        async () => 1000 / (await enlarging.run(network)),
        async () => (megapixels * 1000) / (await isr.run()),
        rounds,
      );
      return { figure: comparison.ratio.median, unit: 'megapixels/s', ...comparison };
    },
  };
}

function inPrecision({ card, file }: ModelNetwork, precision: Precision): ModelNetwork {
  const name = card.files[precision];
  if (name === undefined) throw new Error(`The network has no ${precision} weights.`);
  return { card, file: path.join(path.dirname(file), name), precision };
}
