import { deflateSync } from 'node:zlib';
import { craftedPng, gifOfFrames, onePixel, pngChunk, pngProfile, svg } from './crafted-images.ts';
import { photo } from './photo.ts';

/** A file that is not what it says, and the code or the status that a service should answer with. */
export interface LyingImage {
  readonly what: string;
  readonly image: Buffer;
  readonly verdict: string;
  readonly job?: string;
}

export async function lyingImages(): Promise<LyingImage[]> {
  const jpeg = await photo(600, 400).jpeg().toBuffer();
  const gif = await photo(600, 400).gif().toBuffer();
  const zeros = deflateSync(Buffer.alloc(200_000_000), { level: 9 });
  const pixel = { width: 1, height: 1 };
  return [
    { what: 'text', image: Buffer.from('I am a photo.'), verdict: 'not-an-image' },
    { what: 'nothing', image: Buffer.alloc(0), verdict: 'empty-upload' },
    { what: 'half a JPEG', image: jpeg.subarray(0, jpeg.length / 2), verdict: 'failed' },
    { what: 'a PNG without size', image: craftedPng({ width: 0, height: 0 }), verdict: 'corrupt-image' },
    {
      what: 'a PNG whose profile is a bomb',
      image: craftedPng(pixel, pngProfile(zeros), onePixel()),
      verdict: 'complete',
    },
    {
      what: 'a PNG of one pixel and 200 MB',
      image: craftedPng({ ...pixel, colour: 0 }, pngChunk('IDAT', zeros)),
      verdict: 'complete',
    },
    {
      what: 'a GIF of 5,000 frames',
      image: gifOfFrames(5000, 200, 200),
      verdict: 'complete',
      job: '{"outputs":[{"animated":true,"size":"9x9"}]}',
    },
    {
      what: 'a GIF that is a page',
      image: Buffer.concat([gif, Buffer.from('<script>alert(1)</script>')]),
      verdict: 'complete',
    },
    {
      what: 'a GIF that is a script',
      image: Buffer.from('GIF89a/*aaaaaaaaaaaa*/=1;alert(1)'),
      verdict: 'failed',
    },
    { what: 'an SVG nested 100,000 deep', image: Buffer.from(svg('<g>'.repeat(100_000))), verdict: 'failed' },
  ];
}
