import type { ImageLimits } from '../../src/images/limits.ts';

/** The limits of a service that nobody has configured. */
export const imageLimits: ImageLimits = {
  maxPixels: 100_000_000,
  maxOutputPixels: 400_000_000,
  maxRenderBytes: 512 * 2 ** 20,
  allowSvg: false,
};
