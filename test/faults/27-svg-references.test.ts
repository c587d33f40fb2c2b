import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import sharp from 'sharp';
import { startHttp } from '../support/counting-server.ts';
import { svg } from '../support/crafted-images.ts';
import { ImageVerdicts } from '../support/image-verdicts.ts';
import { Service } from '../support/service.ts';
import { svgReferences } from '../support/svg-references.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { fault } from './fault.ts';

const row = {
  row: '27',
  fault: 'SVGs that refer to files, neighbours and URLs, with ALLOW_SVG=true and without',
  mustShow: 'no pixel leaks, no request leaves; refused where SVG is not allowed',
  inTests: { everyNth: 3 },
  full: { everyNth: 1 },
};

fault(row, async ({ everyNth }, report) => {
  await using folder = await temporaryFolder();
  const image = path.join(folder.path, 'red.png');
  const red = await sharp({ create: { width: 50, height: 50, channels: 3, background: 'red' } })
    .png()
    .toBuffer();
  await writeFile(image, red);
  await using server = await startHttp((_request, response) => response.end(red));
  await using service = await Service.start({ ALLOW_SVG: 'true', MAX_ATTEMPTS: '1' });
  await using strict = await Service.start({ MAX_ATTEMPTS: '1' });
  const verdicts = new ImageVerdicts(service);
  await verdicts.isWell();
  // Uploads lie in one folder, each under its id.
  const neighbour = 'red.png';
  await writeFile(path.join(service.folder, 'objects/uploads', neighbour), red);

  const surroundings = { url: server.url, image, neighbour };
  const drawings = Object.entries(svgReferences(surroundings)).filter((_, at) => at % everyNth === 0);
  let drawn = 0;
  for (const [what, drawing] of drawings) {
    const file = Buffer.from(drawing);
    assert.equal(await new ImageVerdicts(strict).of(file, what), 'unsupported-image', what);
    const [output] = await verdicts.outputsOf(file, what, '{"outputs":[{"format":"png"}]}');
    if (output === undefined) continue;
    const pixels = await sharp(output).ensureAlpha().raw().toBuffer();
    assert.ok(
      pixels.every(value => value === 0),
      `${what}: something is drawn`,
    );
    drawn++;
  }
  const plain = Buffer.from(svg('<rect width="500" height="500" fill="red"/>'));
  const [seen] = await verdicts.outputsOf(plain, 'a plain SVG', '{"outputs":[{"format":"png"}]}');
  assert.deepEqual([...(await sharp(seen).raw().toBuffer()).subarray(0, 3)], [255, 0, 0]);
  assert.equal(server.connections, 0);
  report('drawings', drawings.length);
  report('drawn as if the reference were empty', drawn);
  report('refused as damaged', drawings.length - drawn);
  report('requests that left', server.connections);
});
