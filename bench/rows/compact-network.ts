import { availableParallelism } from 'node:os';
import { ModelLibrary, type ModelNetwork, type Precision } from '../../src/super-resolution/model-library.ts';
import { Enlarging } from '../support/enlarging.ts';
import { compare } from '../support/pairs.ts';
import { randomPsnrSmall } from '../support/random-idealo.ts';
import type { Row } from '../support/row.ts';

const side = 512;
const rounds = 5;
/** So that a round of the quick network is not over at once. */
const runsPerRound = 4;

export const compactNetworkRows: readonly Row[] = [
  row('6', 'float32', '≥ 20× as fast'),
  row('6 int8', 'int8', '≥ 40× as fast'),
];

function row(number: string, precision: Precision, goal: string): Row {
  return {
    number,
    work: `512×512 enlarged ×2 by our psnr-small, ${precision}`,
    peer: 'idealo’s psnr-small network (random weights) in the same engine',
    goal,
    async measure() {
      await using enlarging = await Enlarging.start(side, availableParallelism());
      const compact = shipped(precision);
      const original = await randomPsnrSmall(enlarging.folder);
      const megapixelsPerSecond = async (network: ModelNetwork, runs: number) => {
        let milliseconds = 0;
        for (let run = 0; run < runs; run++) milliseconds += await enlarging.run(network);
        return (runs * 1000) / milliseconds;
      };
      const comparison = await compare(
        () => megapixelsPerSecond(compact, runsPerRound),
        () => megapixelsPerSecond(original, 1),
        rounds,
      );
      return { figure: comparison.ratio.median, unit: 'megapixels/s', ...comparison };
    },
  };
}

function shipped(precision: Precision): ModelNetwork {
  const library = new ModelLibrary({ importedFolder: '/nowhere', precision });
  const network = library.passes('psnr-small', 2)[0];
  if (!network) throw new Error('psnr-small is not there.');
  return network;
}
