import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { ModelCard, Quality } from '../../src/super-resolution/model-card.ts';

const root = path.resolve(import.meta.dirname, '../..');
const page = path.join(root, 'docs/models.md');
/** What stands below it is made anew each time. */
const mark = '<!-- Below: made by `npm run quality` from the cards in models/. -->\n';

/** Writes the figures and cards into docs/models.md. `bicubic` are the figures of cubic interpolation, by scale. */
export function writeModelsPage(
  cards: readonly ModelCard[],
  bicubic: ReadonlyMap<number, Readonly<Record<string, Quality>>>,
): void {
  const text = readFileSync(page, 'utf8');
  const above = text.slice(0, text.indexOf(mark) + mark.length);
  writeFileSync(page, `${above}\n${figures(cards, bicubic)}\n${cards.map(section).join('\n')}`);
}

function figures(
  cards: readonly ModelCard[],
  bicubic: ReadonlyMap<number, Readonly<Record<string, Quality>>>,
): string {
  const rows = [...bicubic].flatMap(([scale, quality]) => [
    row('cubic interpolation', scale, '', quality),
    ...cards.filter(card => card.scale === scale).flatMap(rowsOf),
  ]);
  const jpeg = cards.flatMap(({ name, scale, jpegQuality, bicubicJpegQuality }) =>
    name === 'noise-cancel' && jpegQuality && bicubicJpegQuality
      ? [
          row('cubic interpolation', scale, 'JPEG of quality 30', bicubicJpegQuality),
          row(`\`${name}\``, scale, 'JPEG of quality 30', jpegQuality),
        ]
      : [],
  );
  return [
    '| model | scale | input | Set5 PSNR, dB | SSIM | perceptual | Set14 PSNR, dB | SSIM | perceptual |',
    '| --- | --- | --- | --- | --- | --- | --- | --- | --- |',
    ...rows,
    ...jpeg,
    '',
  ].join('\n');
}

function rowsOf({ name, scale, quality = {}, int8Quality }: ModelCard): string[] {
  return [
    row(`\`${name}\``, scale, '', quality),
    ...(int8Quality ? [row(`\`${name}\`, int8`, scale, '', int8Quality)] : []),
  ];
}

function row(
  model: string,
  scale: number,
  input: string,
  quality: Readonly<Record<string, Quality>>,
): string {
  const cells = ['Set5', 'Set14'].flatMap(set => [
    quality[set]?.psnr.toFixed(2) ?? '–',
    quality[set]?.ssim.toFixed(4) ?? '–',
    quality[set]?.perceptual.toFixed(3) ?? '–',
  ]);
  return `| ${[model, `×${scale}`, input || 'small image', ...cells].join(' | ')} |`;
}

function section(card: ModelCard): string {
  const { name, scale, architecture, parameters, padding, data, training, weaknesses } = card;
  const picture = `images/models/${name}-x${scale}.png`;
  return [
    `## ${name} ×${scale}`,
    '',
    `![The same part of a drawing: cubic interpolation, ${name}, the original](${picture})`,
    '',
    '| | |',
    '| --- | --- |',
    `| network | ${architecture}; ${parameters.toLocaleString('en')} parameters |`,
    `| tiles | see ${padding} pixels of their neighbours |`,
    `| learnt from | ${data ?? '–'} |`,
    `| training | ${training ?? '–'} |`,
    `| bad at | ${weaknesses ?? '–'} |`,
    '',
  ].join('\n');
}
