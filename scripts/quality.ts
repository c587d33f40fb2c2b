// Measures every super-resolution network that comes with Tintype, through the same processes that make outputs;
// writes the figures into the models' cards and docs/models.md, with pictures.
//   npm run quality                      needs TINTYPE_TEST_DATA (Set5 and Set14)
//   npm run quality -- psnr-small-x4     measures that one anew; the others keep their figures
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { eachSet, measureNetwork, withNetwork } from '../bench/quality/measure-network.ts';
import { writeModelsPage } from '../bench/quality/models-page.ts';
import { resizeBicubic } from '../bench/quality/resize.ts';
import { drawing, writeSideBySide } from '../bench/quality/side-by-side.ts';
import { checkAgainstPapers, readTestSet } from '../bench/quality/test-sets.ts';
import type { ModelCard, Quality } from '../src/super-resolution/model-card.ts';
import { ModelLibrary } from '../src/super-resolution/model-library.ts';

const data = process.env.TINTYPE_TEST_DATA;
if (!data) throw new Error('Set TINTYPE_TEST_DATA to the folder that has sr/Set5 and sr/Set14.');

const sets = await Promise.all(['Set5', 'Set14'].map(name => readTestSet(path.join(data, 'sr', name))));
const bicubic = new Map<number, Readonly<Record<string, Quality>>>();
for (const scale of [2, 4]) {
  for (const set of sets) {
    console.log(
      `bicubic ×${scale} ${set.name}: ${checkAgainstPapers(set, scale).toFixed(3)} dB, as published`,
    );
  }
  bicubic.set(scale, await eachSet(sets, scale, small => resizeBicubic(small, scale, 'rounded')));
}
const library = new ModelLibrary({ importedFolder: '/nowhere', precision: 'float32' });
const original = await drawing();
const names = library.networks().map(({ card }) => nameOf(card));
const wanted = process.argv.length > 2 ? process.argv.slice(2) : names;
const unknown = wanted.find(name => !names.includes(name));
if (unknown !== undefined) throw new Error(`There is no network ${unknown}; there are ${names.join(', ')}.`);
for (const { card, file } of library.networks()) {
  const name = nameOf(card);
  if (!wanted.includes(name)) continue;
  const measured = await measureNetwork(card, sets);
  const next = { ...card, ...measured };
  writeFileSync(path.join(path.dirname(file), `${name}.json`), `${JSON.stringify(next, null, 2)}\n`);
  await withNetwork(card, 'float32', enlarge =>
    writeSideBySide(`${name}.png`, card.scale, original, enlarge),
  );
  console.log(name, JSON.stringify(measured));
}
const cards = library.networks().map(({ card }) => card);
writeModelsPage(cards, bicubic);

function nameOf({ name, scale }: ModelCard): string {
  return `${name}-x${scale}`;
}
