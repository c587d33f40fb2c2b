/** The names that callers use, whoever trained what serves them. */
export const modelNames = ['psnr-small', 'psnr-large', 'noise-cancel', 'gans'] as const;

export type ModelName = (typeof modelNames)[number];

/** Callers may ask for any scale from 1 to this. */
export const largestScale = 4;

/** What a model is made for: an image is enlarged so many times when nobody says. */
export function defaultScale(model: ModelName): number {
  return model === 'gans' ? 4 : 2;
}
