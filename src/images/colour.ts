import { createRequire } from 'node:module';

export interface Colour {
  /** 0 to 255, as green and blue. */
  readonly r: number;
  readonly g: number;
  readonly b: number;
  /** 0 clear, 1 opaque. */
  readonly alpha: number;
}

// Its declarations name a default export that its CommonJS file does not have, so an import would not type-check.
const parse = createRequire(import.meta.url)('@img/colour') as (text: string) => {
  rgb(): { object(): { r: number; g: number; b: number; alpha?: number } };
};

/** Reads `#rgb[a]`, `#rrggbb[aa]` or a CSS name; undefined when it is none of these. */
export function parseColour(text: string): Colour | undefined {
  try {
    return { alpha: 1, ...parse(text.toLowerCase()).rgb().object() };
  } catch {
    return undefined;
  }
}

/** What is seen when the colour lies on white. */
export function onWhite({ r, g, b, alpha }: Colour): Colour {
  const mix = (channel: number) => Math.round(channel * alpha + 255 * (1 - alpha));
  return { r: mix(r), g: mix(g), b: mix(b), alpha: 1 };
}
