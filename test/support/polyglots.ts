import { deflateSync } from 'node:zlib';
import sharp, { type Sharp } from 'sharp';
import { pngChunk } from './crafted-images.ts';
import { photo } from './photo.ts';

/** Stands in every part of these files that is not a pixel. */
export const marker = 'do-not-pass-on';
const page = `<html><script>${marker}</script></html>`;
/** The least that an archive reader takes: an end of a central directory, found from the end of the file. */
const archive = Buffer.concat([Buffer.from(`PK\x03\x04${marker}PK\x05\x06`, 'latin1'), Buffer.alloc(18)]);

/** Good images that are something else as well, or tell more than their pixels. */
export async function polyglots(): Promise<Readonly<Record<string, Buffer>>> {
  const small = () => photo(320, 256);
  const tagged = (image: Sharp) =>
    image
      .withExif({
        IFD0: { Copyright: marker, Software: page },
        IFD3: { GPSLatitude: '51/1 30/1 0/1', GPSLatitudeRef: 'N' },
      })
      .withXmp(`<x:xmpmeta xmlns:x="adobe:ns:meta/"><${marker}/></x:xmpmeta>`);
  const [jpeg, png, gif, webp, tiff] = await Promise.all(
    [small().jpeg(), small().png(), small().gif(), small().webp(), small().tiff()].map(each =>
      each.toBuffer(),
    ),
  );
  if (!jpeg || !png || !gif || !webp || !tiff) throw new Error('no images');
  return {
    'a GIF and an archive': Buffer.concat([gif, archive]),
    'a PNG and an archive': Buffer.concat([png, archive]),
    'a JPEG and an archive': Buffer.concat([jpeg, archive]),
    'a TIFF and a page': Buffer.concat([tiff, Buffer.from(page)]),
    'a WebP and a page': Buffer.concat([webp, Buffer.from(page)]),
    'a JPEG with a page as its comment': jpegWith(jpeg, 0xfe, Buffer.from(page)),
    'a JPEG with a script in an application segment': jpegWith(
      jpeg,
      0xed,
      Buffer.from(`Photoshop 3.0\0${page}`),
    ),
    'a GIF with a page as its comment': gifComment(gif, page),
    'a PNG with pages as its texts': withChunks(png, [
      pngChunk('tEXt', Buffer.from(`Comment\0${page}`)),
      pngChunk('zTXt', Buffer.concat([Buffer.from('Comment\0\0'), deflateSync(Buffer.from(page))])),
      pngChunk('iTXt', Buffer.from(`XML:com.adobe.xmp\0\0\0\0\0<${marker}/>`)),
      pngChunk('eXIf', Buffer.from(`MM\0*\0\0\0\x08\0\0${marker}`, 'latin1')),
    ]),
    'a JPEG with a place': await tagged(small().jpeg()).toBuffer(),
    'a PNG with a place': await tagged(small().png()).toBuffer(),
    'a WebP with a place': await tagged(small().webp()).toBuffer(),
    'an AVIF with a place': await tagged(small().avif({ effort: 0 })).toBuffer(),
    'a TIFF with a place': await tagged(small().tiff()).toBuffer(),
    'a JPEG with a profile': await sharp(jpeg).withIccProfile('p3').jpeg().toBuffer(),
  };
}

/** Files that are no image of pixels, whatever they are called. */
export const noImages: Readonly<Record<string, string>> = {
  'page.jpg': page,
  'page.png': `<!DOCTYPE html>${page}`,
  'drawing.png': `<svg xmlns="http://www.w3.org/2000/svg"><script>${marker}</script></svg>`,
  'drawing.jpg': `<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="${marker}"/>`,
  'script.gif': `GIF89a/*${'a'.repeat(12)}*/=1;${marker}`,
  'paper.jpg': `%PDF-1.7\n${page}`,
  'program.png': `MZ${marker}`,
  'archive.webp': archive.toString('latin1'),
};

function jpegWith(jpeg: Buffer, segment: number, content: Buffer): Buffer {
  const head = Buffer.from([0xff, segment, 0, 0]);
  head.writeUInt16BE(content.length + 2, 2);
  return Buffer.concat([jpeg.subarray(0, 2), head, content, jpeg.subarray(2)]);
}

/** After the signature and the header, before the first pixels. */
function withChunks(png: Buffer, chunks: readonly Buffer[]): Buffer {
  return Buffer.concat([png.subarray(0, 33), ...chunks, png.subarray(33)]);
}

/** Before the trailer. */
function gifComment(gif: Buffer, comment: string): Buffer {
  const text = Buffer.from(comment);
  const extension = Buffer.concat([Buffer.from([0x21, 0xfe, text.length]), text, Buffer.from([0])]);
  return Buffer.concat([gif.subarray(0, -1), extension, Buffer.from([0x3b])]);
}
