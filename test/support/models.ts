import { ModelLibrary } from '../../src/super-resolution/model-library.ts';

/** What a pool of renderers needs to enlarge images: the networks that come with Tintype, on the processor. */
export const shippedModels = {
  models: new ModelLibrary({ importedFolder: '/nowhere', precision: 'float32' }),
  executionProviders: ['cpu'],
  libraryPaths: {},
  tileMs: 120_000,
};
