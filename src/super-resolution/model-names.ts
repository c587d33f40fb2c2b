/** The names that callers use, whoever trained what serves them. */
export const modelNames = ['psnr-small', 'psnr-large', 'noise-cancel', 'gans'] as const;

export type ModelName = (typeof modelNames)[number];

/** Callers may ask for any scale from 1 to this. */
export const largestScale = 4;
