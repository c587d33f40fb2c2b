import { Command } from 'commander';
import { viewModel } from '../super-resolution/model-view.ts';
import { openLibrary } from './model-library.ts';
import { table } from './table.ts';

const header = ['model', 'scale', 'source', 'weights', 'parameters', 'quality', 'architecture'];

export function listModelsCommand(): Command {
  return new Command('list')
    .description('the networks, by model and scale, with their quality as measured')
    .option('--json', 'print JSON')
    .action(list);
}

function list({ json }: { json?: boolean }): void {
  const models = openLibrary().networks().map(viewModel);
  if (json) {
    console.log(JSON.stringify({ models }, null, 2));
    return;
  }
  const rows = models.map(({ name, scale, source, precision, parameters, quality, architecture }) => [
    name,
    `×${scale}`,
    source,
    precision,
    parameters.toLocaleString('en'),
    qualityText(quality ?? {}),
    architecture,
  ]);
  console.log(table(header, rows));
}

function qualityText(quality: Readonly<Record<string, { readonly psnr: number }>>): string {
  const sets = Object.entries(quality).map(([set, { psnr }]) => `${set} ${psnr.toFixed(2)} dB`);
  return sets.length === 0 ? '–' : sets.join(', ');
}
