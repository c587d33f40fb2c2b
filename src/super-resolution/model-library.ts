import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { TintypeError } from '../errors/tintype-error.ts';
import type { ModelCard } from './model-card.ts';
import { type ModelName, modelNames } from './model-names.ts';

export const precisions = ['float32', 'int8'] as const;
export type Precision = (typeof precisions)[number];

/** A network that can be run. */
export interface ModelNetwork {
  readonly card: ModelCard;
  /** The ONNX file. */
  readonly file: string;
  /** Of its weights. */
  readonly precision: Precision;
}

/** Of the networks that come with Tintype. */
const shippedFolder = fileURLToPath(new URL('../../models', import.meta.url));

export interface ModelLibraryOptions {
  /** Of the networks that were imported; need not be there. */
  readonly importedFolder: string;
  /** Which weights are preferred where there are both. */
  readonly precision: Precision;
}

/**
 * The networks behind the models' names. Reads the folders anew each time, because an import must not need a restart.
 */
export class ModelLibrary {
  readonly #options: ModelLibraryOptions;

  constructor(options: ModelLibraryOptions) {
    this.#options = options;
  }

  /** By name, then scale. An imported network stands for the shipped one of the same name and scale. */
  networks(): ModelNetwork[] {
    const { importedFolder, precision } = this.#options;
    const found = new Map<string, ModelNetwork>();
    for (const folder of [shippedFolder, importedFolder]) {
      for (const card of readCards(folder)) {
        const used = card.files[precision] === undefined ? 'float32' : precision;
        const file = path.join(folder, card.files[used] ?? card.files.float32);
        found.set(`${card.name} ${card.scale}`, { card, file, precision: used });
      }
    }
    return [...found.values()].sort(
      (one, other) =>
        modelNames.indexOf(one.card.name) - modelNames.indexOf(other.card.name) ||
        one.card.scale - other.card.scale,
    );
  }

  /**
   * What to run, one after the other, to make an image at least `scale` times as large: the smallest network that
   * does, or the largest as often as needed. Throws `invalid-output` where there is no network of that name.
   */
  passes(name: ModelName, scale: number): ModelNetwork[] {
    const networks = this.networks().filter(({ card }) => card.name === name);
    const largest = networks.at(-1);
    if (!largest) throw new TintypeError('invalid-output', `No network is there for the model "${name}".`);
    const enough = networks.find(({ card }) => card.scale >= scale);
    if (enough) return [enough];
    const count = Math.ceil(Math.log(scale) / Math.log(largest.card.scale));
    return Array.from({ length: count }, () => largest);
  }
}

function readCards(folder: string): ModelCard[] {
  return cardFiles(folder).map(
    file => JSON.parse(readFileSync(path.join(folder, file), 'utf8')) as ModelCard,
  );
}

function cardFiles(folder: string): string[] {
  try {
    return readdirSync(folder).filter(file => file.endsWith('.json'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
