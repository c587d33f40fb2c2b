import type { ImageHeader } from '../../src/images/image-header.ts';

/** Of a JPEG of six megapixels, as a camera writes it. */
export const photoHeader: ImageHeader = {
  format: 'jpeg',
  width: 3000,
  height: 2000,
  pages: 1,
  channels: 3,
  bytesPerSample: 1,
  interlaced: false,
};
