import { type Config, readConfig } from '../config/config.ts';
import { ModelLibrary } from '../super-resolution/model-library.ts';

/** What commands about models have use for; what else is set may be wrong. */
const heeded = ['MODELS_FOLDER', 'MODEL_PRECISION'] as const satisfies readonly (keyof Config)[];

/** Where imported models are. Throws `invalid-configuration`. */
export function modelsFolder(): string {
  return heededConfig().MODELS_FOLDER;
}

/** The networks that a service with this environment has. Throws `invalid-configuration`. */
export function openLibrary(): ModelLibrary {
  const { MODELS_FOLDER, MODEL_PRECISION } = heededConfig();
  return new ModelLibrary({ importedFolder: MODELS_FOLDER, precision: MODEL_PRECISION });
}

function heededConfig(): Config {
  return readConfig(Object.fromEntries(heeded.map(name => [name, process.env[name]])));
}
