import { existsSync } from 'node:fs';
import { Command } from 'commander';
import { TintypeError } from '../errors/tintype-error.ts';
import { type ModelName, modelNames } from '../super-resolution/model-names.ts';
import { modelsFolder } from './model-library.ts';
import { nearest, refusal } from './nearest.ts';

export function importModelsCommand(): Command {
  return new Command('import')
    .description("make a network of idealo's Keras weights, in place of the one that is shipped")
    .argument('<file.hdf5>', 'the weights')
    .requiredOption('--as <name>', `the model that they are: ${modelNames.join(', ')}`, modelName)
    .action(importWeights);
}

function modelName(text: string): ModelName {
  const name = modelNames.find(known => known === text);
  if (name === undefined) throw refusal(`--as ${text}`, modelNames.join(', '), nearest(text, modelNames));
  return name;
}

async function importWeights(file: string, { as: name }: { as: ModelName }): Promise<void> {
  if (!existsSync(file)) throw new TintypeError('source-not-found', `There is no file ${file}.`);
  const folder = modelsFolder();
  // Loaded only here, because it brings two libraries of megabytes.
  const { importModel, mostInt8Loss } = await import('../super-resolution/import/import-model.ts');
  const { card, layers, file: made, largestDifference, int8Loss } = await importModel(file, name, folder);
  console.log(`${name} ×${card.scale}: ${card.architecture}`);
  console.log(
    `${layers} layers, ${card.parameters.toLocaleString('en')} parameters, all shapes as they must be`,
  );
  console.log(
    `differs by at most ${largestDifference.toPrecision(1)} (of 1) from the network as it was drawn`,
  );
  const verdict = card.files.int8 === undefined ? `: not kept, ${mostInt8Loss} dB may be lost` : '';
  console.log(`with int8 weights its PSNR is ${int8Loss.toFixed(2)} dB lower on drawn pictures${verdict}`);
  console.log(`→ ${made}, which running services take from now on`);
}
