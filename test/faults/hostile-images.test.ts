import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, suite, test } from 'node:test';
import { crc32, deflateSync } from 'node:zlib';
import { assertDiscreet, assertProblem } from '../support/answers.ts';
import { form } from '../support/http-service.ts';
import { photo } from '../support/photo.ts';
import { Service } from '../support/service.ts';
import { testData } from '../support/test-data.ts';

const mutations = 100;
const seed = 20_261;

interface JobView {
  readonly status: string;
  readonly code: number;
  readonly message: string;
}

suite('A service that takes any image', () => {
  let service: Service;

  before(async () => {
    service = await Service.start({ ALLOW_SVG: 'true', MAX_ATTEMPTS: '1' });
  });
  after(() => service[Symbol.asyncDispose]());

  /** The code of a refusal, else the status in which the job ended. */
  const verdict = async (image: Buffer, what: string, job = '{}'): Promise<string> => {
    const answer = await fetch(`${service.url}/jobs`, {
      method: 'POST',
      body: form(['image', image, 'a.jpg'], ['job', job]),
    });
    const text = await answer.text();
    if (answer.status !== 202) {
      return assertProblem(answer.status, answer.headers.get('content-type') ?? '', text, what);
    }
    const { id } = JSON.parse(text) as { id: string };
    assertDiscreet(await (await fetch(`${service.url}/jobs/${id}/events`)).text(), what);
    const ended = (await (await fetch(`${service.url}/jobs/${id}`)).json()) as JobView;
    if (ended.status === 'failed')
      assert.ok(ended.code >= 400 && ended.code < 500, `${what}: ${ended.message}`);
    return ended.status;
  };

  const isWell = async () => {
    assert.equal(await verdict(await photo(600, 400).jpeg().toBuffer(), 'a good image'), 'complete');
    assert.deepEqual(await readdir(`${service.folder}/objects/.scratch`), []);
  };

  test('has a verdict on each image that is not what it says', async () => {
    const jpeg = await photo(600, 400).jpeg().toBuffer();
    const gif = await photo(600, 400).gif().toBuffer();
    const zeros = deflateSync(Buffer.alloc(200_000_000), { level: 9 });
    const cases: [what: string, image: Buffer, verdict: string, job?: string][] = [
      ['text', Buffer.from('I am a photo.'), 'not-an-image'],
      ['nothing', Buffer.alloc(0), 'empty-upload'],
      ['half a JPEG', jpeg.subarray(0, jpeg.length / 2), 'failed'],
      ['41 bytes of a giant PNG', png(786_464, 32, 16, 6, 1), 'image-too-large'],
      ['a PNG without size', png(0, 0), 'corrupt-image'],
      ['a PNG whose profile is a bomb', png(1, 1, 8, 2, 0, profile(zeros), pixel()), 'complete'],
      ['a PNG of one pixel and 200 MB', png(1, 1, 8, 0, 0, chunk('IDAT', zeros)), 'complete'],
      [
        'a GIF of 5,000 frames',
        frames(5000, 200, 200),
        'complete',
        '{"outputs":[{"animated":true,"size":"9x9"}]}',
      ],
      ['a GIF that is a page', Buffer.concat([gif, Buffer.from('<script>alert(1)</script>')]), 'complete'],
      ['a GIF that is a script', Buffer.from('GIF89a/*aaaaaaaaaaaa*/=1;alert(1)'), 'failed'],
      ['an SVG of a billion laughs', laughs(), 'failed'],
      ['an SVG nested 100,000 deep', Buffer.from(svg('<g>'.repeat(100_000))), 'failed'],
      ['an SVG that draws itself without end', Buffer.from(svg(uses(9))), 'failed'],
    ];
    for (const [what, image, expected, job] of cases) {
      assert.equal(await verdict(image, what, job), expected, what);
    }
    await isWell();
  });

  test(`has a verdict on ${mutations} images that were damaged at random`, async t => {
    const folder = testData('mutations of PngSuite', 'images/pngsuite');
    const files = folder === undefined ? [] : await readdir(folder);
    const suiteImages = files
      .filter(file => file.endsWith('.png'))
      .map(file => readFile(path.join(folder ?? '', file)));
    const small = () => photo(512, 384);
    const images = await Promise.all([
      ...suiteImages,
      ...[small().jpeg(), small().jpeg({ progressive: true }), small().png(), small().webp()].map(each =>
        each.toBuffer(),
      ),
      ...[small().avif({ effort: 0 }), small().gif(), small().tiff()].map(each => each.toBuffer()),
    ]);
    const verdicts: Record<string, number> = {};
    const next = numbers(seed);
    for (let i = 0; i < mutations; i++) {
      // Every second one is of our own, of which there are fewer and more formats.
      const image = images[i % 2 === 0 ? next(images.length) : images.length - 1 - next(7)] as Buffer;
      const said = await verdict(damaged(image, next), `mutation ${i} of seed ${seed}`);
      verdicts[said] = (verdicts[said] ?? 0) + 1;
    }
    t.diagnostic(JSON.stringify(verdicts));
    await isWell();
  });
});

/** Integers below a limit, from a linear congruential generator (Numerical Recipes' constants). */
function numbers(start: number): (limit: number) => number {
  let state = start;
  return limit => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

/** Cut off, sprinkled, with an odd header, or with a piece twice. */
function damaged(image: Buffer, next: (limit: number) => number): Buffer {
  const [a, b] = [next(image.length), next(image.length)];
  const copy = Buffer.from(image);
  switch (next(4)) {
    case 0:
      return copy.subarray(0, a + 1);
    case 1:
      for (let i = 0; i < 10; i++) copy[next(copy.length)] = next(256);
      return copy;
    case 2:
      return copy.fill([0, 0x7f, 0x80, 0xff][next(4)] ?? 0, a % 64, (a % 64) + 4);
    default:
      return Buffer.concat([copy.subarray(0, Math.max(a, b)), copy.subarray(Math.min(a, b))]);
  }
}

function png(
  width: number,
  height: number,
  depth = 8,
  colour = 2,
  interlace = 0,
  ...chunks: Buffer[]
): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([depth, colour, 0, 0, interlace], 8);
  const end = chunks.length === 0 ? Buffer.alloc(8) : chunk('IEND', Buffer.alloc(0));
  return Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), chunk('IHDR', header), ...chunks, end]);
}

function chunk(type: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, sum]);
}

function profile(compressed: Buffer): Buffer {
  return chunk('iCCP', Buffer.concat([Buffer.from('p\0\0', 'latin1'), compressed]));
}

function pixel(): Buffer {
  return chunk('IDAT', deflateSync(Buffer.alloc(4)));
}

/** A GIF whose frames are of one pixel each, on a larger screen. */
function frames(count: number, width: number, height: number): Buffer {
  const screen = Buffer.from('474946383961 0000 0000 800000 000000ffffff'.replaceAll(' ', ''), 'hex');
  screen.writeUInt16LE(width, 6);
  screen.writeUInt16LE(height, 8);
  const frame = Buffer.from('21f904000a0000002c0000000001000100000202440100', 'hex');
  return Buffer.concat([screen, ...Array<Buffer>(count).fill(frame), Buffer.from([0x3b])]);
}

function svg(content: string): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="500" height="500">${content}</svg>`;
}

function laughs(): Buffer {
  const entities = Array.from({ length: 9 }, (_, i) => `<!ENTITY e${i + 1} "${`&e${i};`.repeat(10)}">`).join(
    '',
  );
  return Buffer.from(`<!DOCTYPE svg [<!ENTITY e0 "ha">${entities}]>${svg('<text>&e9;</text>')}`);
}

/** Each group draws the one before it ten times. */
function uses(levels: number): string {
  const first = '<g id="g0"><rect width="500" height="500" opacity=".5"/></g>';
  const groups = Array.from(
    { length: levels },
    (_, i) => `<g id="g${i + 1}">${`<use href="#g${i}"/>`.repeat(10)}</g>`,
  );
  return `<defs>${first}${groups.join('')}</defs><use href="#g${levels}"/>`;
}
