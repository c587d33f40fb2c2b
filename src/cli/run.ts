import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Command } from 'commander';
import type { App } from '../app.ts';
import { type Config, readConfig } from '../config/config.ts';
import { TintypeError } from '../errors/tintype-error.ts';
import { createLogger } from '../telemetry/logger.ts';
import { exitCodes, type SetExitCode } from './exit-codes.ts';
import { type OutputFlags, outputFlags, requestedOutputs } from './output-flags.ts';
import { OutputFolder } from './output-folder.ts';
import { RunReport } from './run-report.ts';
import { gatherSources } from './run-sources.ts';
import { planWork, SourceRunner } from './source-runner.ts';
import { signalExitCode, stopSignal } from './stop-signal.ts';

interface RunFlags {
  readonly out: string;
  readonly json?: boolean;
}

/** What a run has use for; what else is set is about services and their stores, and may be wrong. */
const heeded = [
  'LOG_LEVEL',
  'WORKER_CONCURRENCY',
  'LEASE_SECONDS',
  'MAX_ATTEMPTS',
  'JOB_TIMEOUT_SECONDS',
  'MAX_JOB_SECONDS',
  'MAX_UPLOAD_BYTES',
  'MAX_PIXELS',
  'MAX_OUTPUT_PIXELS',
  'MAX_RENDER_BYTES',
  'RENDER_MEMORY_BYTES',
  'ALLOW_SVG',
  'MODEL_PRECISION',
  'SR_EXECUTION_PROVIDERS',
  'MODELS_FOLDER',
  'ALLOW_PRIVATE_ADDRESSES',
] as const satisfies readonly (keyof Config)[];

const examples = `
Examples:
  tintype run photo.jpg                               thumb_photo.jpg, 100×100
  tintype run *.jpg --size 50x50 --size 800x          two images of each
  tintype run https://example.org/a.png --format webp --out web
  tintype run photos --size 1000x1000 --fit inside --json > results.json`;

export function runCommand(setExitCode: SetExitCode): Command {
  const command = new Command('run')
    .description('make images from files, folders and URLs in one process, with no service running')
    .argument('<sources...>', 'files, URLs, or folders (every image right in them)')
    .option('--out <folder>', 'where the images go', '.')
    .option('--json', 'print one JSON document with all results at the end')
    .addHelpText('after', examples);
  for (const option of outputFlags()) command.addOption(option);
  return command.action(
    async (sources: string[], { out, json = false, ...flags }: RunFlags & OutputFlags) => {
      setExitCode(await run(sources, flags, out, json));
    },
  );
}

/** Resolves to the exit code. */
async function run(args: readonly string[], flags: OutputFlags, out: string, json: boolean): Promise<number> {
  const stop = stopSignal();
  const config = readConfig(Object.fromEntries(heeded.map(name => [name, process.env[name]])));
  requestedOutputs(flags, 'image.jpg'); // What is wrong with the flags is told before any work.
  const { sources, skipped, missing } = await gatherSources(args);
  if (sources.length + missing.length === 0) {
    throw new TintypeError('source-not-found', `There is no image in ${args.join(', ')}.`);
  }
  const files = sources.flatMap(({ file }) => file ?? []);
  const folder = await OutputFolder.open(out, files);
  const report = new RunReport(sources.length + missing.length, json);
  for (const leftOut of skipped) report.skipped(leftOut);
  for (const [position, { source, error }] of missing.entries()) {
    report.ended(position, { source, status: 'failed', outputs: [], error });
  }

  if (sources.length === 0) return report.finish() ? exitCodes.ok : exitCodes.failed;
  await using scratch = await scratchApp(config, stop);
  const { app } = scratch;
  const runner = new SourceRunner(app, folder, report, stop);
  const work = await planWork(sources, flags, folder, app.objects);
  await app.start();
  await Promise.race([runner.run(work, missing.length, inFlight(config)), once(stop, 'abort')]);
  if (stop.aborted) {
    report.interrupted();
    return signalExitCode(stop.reason);
  }
  return report.finish() ? exitCodes.ok : exitCodes.failed;
}

/** Jobs that wait or run at the same time: enough that no renderer is idle, few enough that the scratch store stays small. */
function inFlight(config: Config): number {
  return config.WORKER_CONCURRENCY * 2 + 2;
}

/** The service's own pipeline on a job store and an object store of this command alone, gone with its end. */
async function scratchApp(config: Config, stop: AbortSignal): Promise<AsyncDisposable & { app: App }> {
  // Loaded only here, because it is the whole service and the short commands should start at once.
  const { createApp } = await import('../app.ts');
  const folder = await mkdtemp(path.join(os.tmpdir(), 'tintype-run-'));
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    const app = await createApp(
      {
        ...config,
        ROLES: ['worker'],
        DATABASE_URL: path.join(folder, 'tintype.db'),
        OBJECT_STORE_URL: path.join(folder, 'objects'),
      },
      // What goes wrong with an image stands in its result; the log is for those who ask for it.
      createLogger(process.env.LOG_LEVEL ? config.LOG_LEVEL : 'silent'),
      stop,
    );
    return { app, [Symbol.asyncDispose]: () => app.stop().finally(remove) };
  } catch (error) {
    await remove();
    throw error;
  }
}
