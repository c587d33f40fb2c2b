import { TintypeError } from '../errors/tintype-error.ts';
import { ProcessDied } from '../program/serving-process.ts';
import type { ModelLibrary } from './model-library.ts';
import { type EnlargerStart, startEnlarger } from './start-enlarger.ts';

/**
 * Runs a network once with these execution providers, in a process as it will be later. Where there is but the CPU
 * there is nothing to check. Throws `invalid-configuration`, with what ONNX Runtime says is missing.
 */
export async function checkExecutionProviders(
  start: EnlargerStart,
  models: Pick<ModelLibrary, 'networks'>,
): Promise<void> {
  const { executionProviders } = start;
  const [network] = models.networks();
  if (!network || executionProviders.every(name => name === 'cpu')) return;
  const fault = await faultOf(start, network.file);
  if (fault === undefined) return;
  throw new TintypeError(
    'invalid-configuration',
    `SR_EXECUTION_PROVIDERS is '${executionProviders.join()}', and ONNX Runtime can't run a network so here: ${fault}. ` +
      'docs/super-resolution.md says what it needs.',
  );
}

async function faultOf(start: EnlargerStart, network: string): Promise<string | undefined> {
  const enlarger = startEnlarger(start);
  let fault: string | undefined;
  try {
    await enlarger.ready();
    const answer = await enlarger.ask({ kind: 'try', network });
    if (answer.kind === 'failed') fault = answer.cause ?? answer.message;
  } catch (error) {
    if (!(error instanceof ProcessDied)) throw error;
    fault = error.message;
  } finally {
    await enlarger.kill();
  }
  return fault && (missingPart(enlarger.lastWords) ?? fault);
}

/** What its log names, and its error leaves out: a library that is not there, or of another version. */
function missingPart(log: string): string | undefined {
  return /\[ONNXRuntimeError\] : \d+ : \w+ : (.+)/.exec(log)?.[1]?.trim();
}
