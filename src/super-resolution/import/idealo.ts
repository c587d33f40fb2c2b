import type { ModelName } from '../model-names.ts';
import type { KerasWeights } from './keras-weights.ts';
import { buildRdn, type ImportedNetwork } from './rdn.ts';
import { buildRrdn } from './rrdn.ts';

/** What is known of a network of idealo's "image-super-resolution" (Apache-2.0) before its weights are there. */
export interface IdealoNetwork {
  readonly scale: number;
  readonly architecture: string;
  /** Small pixels beyond a tile from which on its seams are below half a level; measured for two of them. */
  readonly padding: number;
  readonly bytesPerPixel: number;
  build(weights: KerasWeights): ImportedNetwork;
}

const small = { C: 3, D: 10, G: 64, G0: 64, scale: 2 };
const large = { C: 6, D: 20, G: 64, G0: 64, scale: 2 };
const gans = { C: 4, D: 3, G: 32, G0: 32, T: 10, scale: 4 };

const largeNetwork: IdealoNetwork = {
  scale: large.scale,
  architecture: 'RDN C6 D20 G64 G0 64 (idealo)',
  padding: 24,
  bytesPerPixel: 5_000,
  build: weights => buildRdn(weights, large),
};

export const idealoNetworks: Readonly<Record<ModelName, IdealoNetwork>> = {
  'psnr-small': {
    scale: small.scale,
    architecture: 'RDN C3 D10 G64 G0 64 (idealo)',
    padding: 16,
    bytesPerPixel: 5_000,
    build: weights => buildRdn(weights, small),
  },
  'psnr-large': largeNetwork,
  'noise-cancel': largeNetwork,
  gans: {
    scale: gans.scale,
    architecture: 'RRDN C4 D3 G32 G0 32 T10 (idealo)',
    padding: 24,
    bytesPerPixel: 4_000,
    build: weights => buildRrdn(weights, gans),
  },
};
