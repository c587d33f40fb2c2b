import type { Config } from './config.ts';

/** What the configuration allows of an image, as renderers take it. */
export function imageLimits(config: Config) {
  return {
    maxPixels: config.MAX_PIXELS,
    maxOutputPixels: config.MAX_OUTPUT_PIXELS,
    maxRenderBytes: config.MAX_RENDER_BYTES,
    allowSvg: config.ALLOW_SVG,
  };
}
