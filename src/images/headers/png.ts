import { TintypeError } from '../../errors/tintype-error.ts';
import type { ImageHeader } from '../image-header.ts';
import { EndOfHeader, type HeaderBytes } from './header-bytes.ts';

const signature = '\x89PNG\r\n\x1a\n';
const channelsByColourType: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 3, 4: 2, 6: 4 };

/** Also true for files that a transfer in text mode has damaged: they are no other type. */
export function isPng(bytes: HeaderBytes): boolean {
  return (
    bytes.has(0, signature) ||
    bytes.has(1, 'PNG') ||
    (bytes.length >= 24 && bytes.text(8, 16).includes('IHDR'))
  );
}

/** IHDR comes first (PNG specification, 11.2.1). */
export function readPng(bytes: HeaderBytes): ImageHeader {
  if (!bytes.has(0, signature)) {
    if (bytes.length < signature.length) throw new EndOfHeader();
    throw new TintypeError('corrupt-image', 'The PNG signature was damaged, perhaps by a transfer as text.');
  }
  if (bytes.text(12, 4) !== 'IHDR') throw new EndOfHeader();
  const colourType = bytes.u8(25);
  const channels = channelsByColourType[colourType];
  if (channels === undefined) {
    throw new TintypeError(
      'corrupt-image',
      `The PNG has the colour type ${colourType}, which does not exist.`,
    );
  }
  return {
    format: 'png',
    width: bytes.u32(16),
    height: bytes.u32(20),
    pages: 1,
    // Transparency of a palette or a single colour (tRNS) may follow; it makes a channel of its own.
    channels: colourType === 3 ? 4 : channels,
    bytesPerSample: bytes.u8(24) > 8 ? 2 : 1,
    interlaced: bytes.u8(28) === 1,
  };
}
