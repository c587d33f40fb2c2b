import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import sharp from 'sharp';
import { TintypeError } from '../errors/tintype-error.ts';
import { headerBytes, readFormat, readHeader } from './image-header.ts';

const picture = sharp({ create: { width: 301, height: 203, channels: 4, background: '#f008' } });

/** One small file of every kind, as their writers make them. */
async function samples(): Promise<Record<string, Buffer>> {
  const frames = [await picture.clone().png().toBuffer(), await picture.clone().negate().png().toBuffer()];
  const animation = () => sharp(frames, { join: { animated: true } });
  return {
    jpeg: await picture.clone().jpeg().toBuffer(),
    'progressive jpeg': await picture.clone().jpeg({ progressive: true }).toBuffer(),
    png: await picture.clone().png().toBuffer(),
    'interlaced png': await picture.clone().png({ progressive: true }).toBuffer(),
    'lossy webp': await picture.clone().webp().toBuffer(),
    'lossless webp': await picture.clone().removeAlpha().webp({ lossless: true }).toBuffer(),
    'animated webp': await animation().webp().toBuffer(),
    avif: await picture.clone().avif({ effort: 0 }).toBuffer(),
    gif: await picture.clone().gif().toBuffer(),
    'animated gif': await animation().gif().toBuffer(),
    tiff: await picture.clone().tiff().toBuffer(),
    bigtiff: await picture.clone().tiff({ bigtiff: true, tile: true }).toBuffer(),
    svg: Buffer.from(
      '\ufeff<?xml version="1.0"?>\n<!-- a > b -->\n<svg width="301px" viewBox="0 0 602 203"/>',
    ),
  };
}

describe('readHeader', () => {
  it('tells the format, size and frames of every kind', async () => {
    for (const [name, bytes] of Object.entries(await samples())) {
      const header = readHeader(bytes);
      assert.equal(header?.format, name.split(' ').at(-1)?.replace('bigtiff', 'tiff'), name);
      assert.deepEqual([header?.width, header?.height], [301, 203], name);
      assert.equal(header?.pages, name.startsWith('animated') ? 2 : 1, name);
      assert.equal(header?.interlaced, /progressive|interlaced/.test(name), name);
      assert.equal(readFormat(bytes), header?.format);
    }
  });

  it('tells 16 bits and 10 bits from 8', async () => {
    const deep = picture.clone().toColourspace('rgb16');
    assert.equal(readHeader(await deep.clone().png().toBuffer())?.bytesPerSample, 2);
    assert.equal(
      readHeader(await picture.clone().avif({ bitdepth: 10, effort: 0 }).toBuffer())?.bytesPerSample,
      2,
    );
  });

  it('calls a JPEG upright only if there is certainly no EXIF data before its pixels', async () => {
    const plain = await picture.clone().jpeg().toBuffer();
    const turned = await picture.clone().withMetadata({ orientation: 6 }).jpeg().toBuffer();
    assert.equal(readHeader(plain)?.upright, true);
    assert.equal(readHeader(turned)?.upright, undefined);
    const scan = plain.indexOf(Buffer.from([0xff, 0xda]));
    const exif = turned.subarray(turned.indexOf('Exif') - 4);
    const late = Buffer.concat([
      plain.subarray(0, scan),
      exif.subarray(0, 2 + exif.readUInt16BE(2)),
      plain.subarray(scan),
    ]);
    assert.equal(readHeader(late)?.upright, undefined);
    assert.equal(readHeader(plain.subarray(0, scan))?.upright, undefined);
  });

  it('reads the size of an SVG in units, and from its view box', () => {
    const size = (attributes: string) => {
      const header = readHeader(Buffer.from(`<!DOCTYPE svg [<!ENTITY a ">">]><svg ${attributes}></svg>`));
      return [header?.width, header?.height];
    };
    assert.deepEqual(size('width="1in" height="2.54cm"'), [96, 96]);
    assert.deepEqual(size('viewBox="0,0 30 40"'), [30, 40]);
    assert.deepEqual(size('width="100%"'), [512, 512]);
  });

  it('leaves to a renderer what lies behind the first bytes', async () => {
    const jpeg = await picture.clone().jpeg().toBuffer();
    const segment = Buffer.concat([Buffer.from([0xff, 0xe2, 0xff, 0xff]), Buffer.alloc(65_533)]);
    const late = Buffer.concat([jpeg.subarray(0, 2), ...Array(5).fill(segment), jpeg.subarray(2)]);
    assert.equal(readHeader(late), undefined);
    const tiff = await picture.clone().tiff().toBuffer();
    tiff.writeUInt32LE(headerBytes + 10, 4);
    assert.equal(readHeader(tiff), undefined);
    assert.equal(readHeader(jpeg.subarray(0, 12)), undefined);
  });

  it('names what it does not take', () => {
    const cases: [bytes: string, code: string, message: RegExp][] = [
      ['', 'empty-upload', /empty/],
      ['Just a text', 'not-an-image', /not an image/],
      ['<html><svg></svg></html>', 'not-an-image', /not an image/],
      ['BMW is a make of cars.', 'not-an-image', /not an image/],
      ['\0\0\0\x18ftypheic\0\0\0\0mif1heic', 'unsupported-image', /HEIC/],
      ['\0\0\0\x18ftypmp42\0\0\0\0isomiso2', 'unsupported-image', /video/],
      ['%PDF-1.7', 'unsupported-image', /PDF/],
      ['8BPS\0\x01', 'unsupported-image', /PSD/],
      ['\xff\x0a\0\0', 'unsupported-image', /JPEG XL/],
      [`BM${'\0'.repeat(12)}\x28\0\0\0`, 'unsupported-image', /BMP/],
      ['\x89PNG\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x09\0\0\0\x09', 'corrupt-image', /text/],
      ['GIF89a\0\0\x09\0\0\0\0\x3b', 'corrupt-image', /0×9/],
    ];
    for (const [bytes, code, message] of cases) {
      assert.throws(
        () => readHeader(Buffer.from(bytes, 'latin1')),
        { name: 'TintypeError', code, message },
        bytes,
      );
    }
  });

  it('survives 40,000 mutations: an answer or a TintypeError, at once', async () => {
    const random = generator(20_240_607);
    const files = Object.values(await samples());
    const slowest = { ms: 0 };
    for (let round = 0; round < 40_000; round++) {
      const bytes = mutate(files[round % files.length] ?? Buffer.alloc(0), random);
      const started = performance.now();
      try {
        const header = readHeader(bytes);
        if (header)
          assert.ok(
            header.width >= 1 && header.height >= 1 && header.pages >= 1 && header.bytesPerSample >= 0,
          );
      } catch (error) {
        assert.ok(error instanceof TintypeError, `round ${round}: ${error}`);
      }
      slowest.ms = Math.max(slowest.ms, performance.now() - started);
    }
    assert.ok(slowest.ms < 1_000, `a header took ${slowest.ms} ms`);
  });

  it('is not held up by a long prologue of an SVG that never begins', () => {
    for (const piece of ['<!-- -->', '<?a?>', ' ', '<!DOCTYPE [', '<!--', '<!DOCTYPE [a]']) {
      const started = performance.now();
      assert.throws(() => readHeader(Buffer.from(piece.repeat(headerBytes / piece.length))), {
        code: 'not-an-image',
      });
      assert.ok(performance.now() - started < 2_000, piece);
    }
  });
});

/** Numbers below 1, the same for the same seed (mulberry32). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A few bytes changed, most of them near the start; sometimes cut short. */
function mutate(original: Buffer, random: () => number): Buffer {
  const bytes = Buffer.from(original);
  const extremes = [0, 1, 0x7f, 0x80, 0xff];
  for (let count = 1 + Math.floor(random() * 6); count > 0; count--) {
    const at = Math.floor(random() ** 3 * bytes.length);
    bytes[at] = random() < 0.5 ? Math.floor(random() * 256) : (extremes[Math.floor(random() * 5)] ?? 0);
  }
  return random() < 0.3 ? bytes.subarray(0, Math.floor(random() * bytes.length)) : bytes;
}
