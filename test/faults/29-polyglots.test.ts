import assert from 'node:assert/strict';
import sharp from 'sharp';
import { ImageVerdicts } from '../support/image-verdicts.ts';
import { marker, noImages, polyglots } from '../support/polyglots.ts';
import { Service } from '../support/service.ts';
import { fault } from './fault.ts';

const formats = ['jpeg', 'png', 'webp', 'avif', 'gif', 'tiff'];

const row = {
  row: '29',
  fault: 'polyglots, lying names and MIME types, metadata that tells too much',
  mustShow:
    'original bytes are never served as an image; no EXIF, GPS, XMP, comment or profile left unless asked for',
  inTests: { everyNth: 3 },
  full: { everyNth: 1 },
};

fault(row, async ({ everyNth }, report) => {
  await using service = await Service.start({ MAX_ATTEMPTS: '1' });
  const verdicts = new ImageVerdicts(service);
  const originals = Object.entries(await polyglots()).filter((_, index) => index % everyNth === 0);
  let outputs = 0;
  for (const [what, original] of originals) {
    // As it is, and in every format.
    const asked = JSON.stringify({ outputs: [{}, ...formats.map(format => ({ format, size: '90x90' }))] });
    const made = await verdicts.outputsOf(original, what, asked, 'page.html');
    assert.equal(made.length, formats.length + 1, what);
    for (const output of made) await assertNothingButPixels(output, original, what);
    outputs += made.length;
  }
  const kept = '{"outputs":[{"keepMetadata":true}]}';
  const place = (await polyglots())['a JPEG with a place'] ?? Buffer.alloc(0);
  const [told] = await verdicts.outputsOf(place, 'kept', kept);
  assert.ok(told?.includes(marker), 'kept where it is asked for');

  for (const [name, content] of Object.entries(noImages)) {
    for (const filename of [name, 'a.jpg']) {
      const said = await verdicts.of(Buffer.from(content, 'latin1'), name, '{}', filename);
      assert.match(said, /^(not-an-image|unsupported-image|failed)$/, name);
    }
  }
  report('polyglots', originals.length);
  report('outputs with nothing of the original but its pixels', outputs);
  report('files that are no image, refused', Object.keys(noImages).length);
});

async function assertNothingButPixels(output: Buffer, original: Buffer, what: string): Promise<void> {
  assert.ok(!output.equals(original), what);
  assert.ok(!output.includes(marker), `${what}: carries something on`);
  const { exif, xmp, iptc, icc, comments, orientation = 1 } = await sharp(output).metadata();
  const told = { exif, xmp, iptc, icc, comments };
  assert.equal(orientation, 1, what);
  assert.deepEqual(
    Object.entries(told).filter(([, value]) => value !== undefined),
    [],
    what,
  );
}
