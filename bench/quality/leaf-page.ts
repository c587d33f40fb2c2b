import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { plants } from '../../src/leaf/plants.ts';
import type { LeafQuality, PlantQuality, Strangers } from './leaf-measures.ts';

const page = path.resolve(import.meta.dirname, '../../docs/leaf-classifier.md');
/** What stands below it is made anew each time. */
const mark = '<!-- Below: made by `npm run quality:leaf`. -->\n';

export function writeLeafPage(quality: LeafQuality): void {
  const text = readFileSync(page, 'utf8');
  const above = text.slice(0, text.indexOf(mark) + mark.length);
  writeFileSync(
    page,
    `${above}\n${figures(quality)}\n${plants.map(plant => confusion(plant, quality.plants[plant])).join('\n')}`,
  );
}

function figures(quality: LeafQuality): string {
  const rows = [
    ...plants.map(plant => [plant, quality.plants[plant].photos, percent(quality.plants[plant].accuracy)]),
    ['all, when the plant is known', quality.photos, percent(quality.accuracy)],
    ['all, among the 15 diseases of all plants', quality.photos, percent(quality.accuracyOfAll)],
  ];
  return [
    '| photos of the test split | number | accuracy |',
    '| --- | --- | --- |',
    ...rows.map(cells => `| ${cells.join(' | ')} |`),
    '',
    `Expected calibration error (ten ranges): ${quality.calibrationError}. Confidence below 0.5: ${percent(quality.doubted)} of these photos.`,
    '',
    '| asked for a plant that the photo does not show | answers | median confidence | confidence of 0.5 or more |',
    '| --- | --- | --- | --- |',
    strangers('a leaf of another of the three plants', quality.otherPlants),
    strangers('no leaf: photos of anything', quality.noLeaves),
    '',
  ].join('\n');
}

function strangers(what: string, { photos, median, believed }: Strangers): string {
  return `| ${what} | ${photos} | ${median} | ${percent(believed)} |`;
}

function confusion(plant: string, { confusion: counts }: PlantQuality): string {
  const diseases = Object.keys(counts).toSorted();
  return [
    `## Confusion: ${plant}`,
    '',
    'A row for what the leaf has, a column for what was told.',
    '',
    `| | ${diseases.join(' | ')} |`,
    `| --- | ${diseases.map(() => '---').join(' | ')} |`,
    ...diseases.map(is => `| ${is} | ${diseases.map(told => counts[is]?.[told] ?? '').join(' | ')} |`),
    '',
  ].join('\n');
}

function percent(fraction: number): string {
  return `${(100 * fraction).toFixed(1)} %`;
}
