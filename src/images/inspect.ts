import { readFile } from 'node:fs/promises';
import sharp, { type Metadata } from 'sharp';
import { heicRefusal } from './headers/other-types.ts';
import type { ImageHeader, SourceFormat } from './image-header.ts';
import { describeFailure } from './render-failure.ts';

const options = { limitInputPixels: false, sequentialRead: true } as const;

/** What the decoder says of an image whose header reader could not tell; nothing is decoded. */
export async function inspect(source: string, format: SourceFormat): Promise<ImageHeader> {
  try {
    const image =
      format === 'svg'
        ? sharp(await readFile(source), options)
        : sharp(source, { ...options, pages: format === 'gif' || format === 'webp' ? -1 : 1 });
    return header(format, await image.metadata());
  } catch (error) {
    throw describeFailure(error);
  }
}

function header(format: SourceFormat, metadata: Metadata): ImageHeader {
  if (metadata.compression === 'hevc') throw heicRefusal();
  return {
    format,
    width: metadata.width,
    height: metadata.pageHeight ?? metadata.height,
    pages: format === 'gif' || format === 'webp' ? (metadata.pages ?? 1) : 1,
    channels: metadata.channels,
    bytesPerSample: bytesPerSample(metadata.depth),
    interlaced: metadata.isProgressive ?? false,
  };
}

function bytesPerSample(depth: string): number {
  if (depth === 'ushort' || depth === 'short') return 2;
  if (depth === 'uchar' || depth === 'char') return 1;
  return depth === 'double' || depth === 'complex' ? 8 : 4;
}
