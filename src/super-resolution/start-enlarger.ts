import type { FailureMessage } from '../errors/failure-message.ts';
import { entryBeside } from '../program/entry-beside.ts';
import { ServingProcess } from '../program/serving-process.ts';
import type { EnlargerAnswer, EnlargerRequest, EnlargerSettings } from './enlarger-messages.ts';

export interface EnlargerStart extends EnlargerSettings {
  /** Of memory above what Node takes. */
  readonly maxBytes: number;
  /** Environment variables by which the system finds CUDA's libraries. */
  readonly libraryPaths: Readonly<Record<string, string>>;
}

export function startEnlarger({
  maxBytes,
  libraryPaths,
  ...settings
}: EnlargerStart): ServingProcess<EnlargerRequest, EnlargerAnswer | FailureMessage> {
  // Its makers need not know what is enlarged here.
  const environment = { ...libraryPaths, MALLOC_ARENA_MAX: '2', ORT_DISABLE_TELEMETRY: '1' };
  return new ServingProcess({
    entry: entryBeside('enlarger', import.meta.url),
    settings,
    environment,
    maxBytes,
  });
}
