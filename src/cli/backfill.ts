import { setTimeout as delay } from 'node:timers/promises';
import { Command } from 'commander';
import type { BackfillService } from '../backfill-service.ts';
import { backfillUrl } from '../config/backfill-options.ts';
import { readConfig } from '../config/config.ts';
import { objectStoreOptions } from '../config/object-store-options.ts';
import { TintypeError } from '../errors/tintype-error.ts';
import { IntakeGate } from '../jobs/intake-gate.ts';
import { openObjectStore } from '../objects/open-object-store.ts';
import { createLogger } from '../telemetry/logger.ts';
import { BackfillReport, type BackfillSummary } from './backfill-report.ts';
import { openExistingStore } from './existing-store.ts';
import type { SetExitCode } from './exit-codes.ts';
import { signalExitCode, stopSignal } from './stop-signal.ts';

interface BackfillFlags {
  collection: string;
  dryRun?: boolean;
  failed?: boolean;
  wait: boolean;
  json?: boolean;
}

/** How often it is asked how many infos are written, in milliseconds. */
const askEveryMs = 500;

export function backfillCommand(setExitCode: SetExitCode): Command {
  return new Command('backfill')
    .description('resize the images of a MongoDB collection that were not resized yet; services make them')
    .requiredOption('--collection <name>', 'such as channel or episode')
    .option('--dry-run', 'tell how many there are, and change nothing')
    .option('--failed', 'also those that could not be made before')
    .option('--no-wait', 'do not wait for the infos, which services write')
    .option('--json', 'print one JSON document at the end')
    .action(async (flags: BackfillFlags) => setExitCode(await backfill(flags)));
}

/** Resolves to the exit code. */
async function backfill(flags: BackfillFlags): Promise<number> {
  const stop = stopSignal();
  await using parts = new AsyncDisposableStack();
  const service = parts.use(await openService(parts));
  const report = new BackfillReport(flags.json ?? false);
  const summary = await run(service, flags, report, stop).finally(() => report.end());
  report.tell(summary, stop.aborted);
  return stop.aborted ? signalExitCode(stop.reason) : 0;
}

async function openService(parts: AsyncDisposableStack): Promise<BackfillService> {
  const config = readConfig(process.env);
  const url = backfillUrl(config);
  if (url === undefined) {
    throw new TintypeError('invalid-configuration', 'MONGO_URL is unset; accepted: the URL of a database.');
  }
  const store = parts.adopt(await openExistingStore(config), opened => opened.close());
  const logger = createLogger(config.LOG_LEVEL);
  const objects = parts.adopt(await openObjectStore(objectStoreOptions(config), logger), opened =>
    opened.close(),
  );
  // Loaded only here, because it brings the client of MongoDB.
  const { createBackfillService } = await import('../backfill-service.ts');
  return createBackfillService(config, url, {
    intake: store.intake,
    gate: new IntakeGate(store.jobs, config.MAX_QUEUED_JOBS),
    // A running service notices the new work by itself.
    queue: { ring: () => {} },
    exportsUrl: objects.exports.url,
  });
}

async function run(
  { backfill, documents }: BackfillService,
  { collection, dryRun = false, failed = false, wait }: BackfillFlags,
  report: BackfillReport,
  stop: AbortSignal,
): Promise<BackfillSummary> {
  const choice = { failed };
  const found = await documents.count(collection, choice);
  const none = { collection, found, documents: 0, images: 0, underWay: 0, failures: {} };
  if (dryRun || found === 0) return none;
  const failuresBefore = await documents.failures(collection);
  const submitted = await backfill.run(collection, choice, stop, ({ documents: done }) =>
    report.draw('submitted', done, found),
  );
  // What failed again looks as it did before, so nobody can see when it has.
  while (wait && !failed && !stop.aborted) {
    const left = await documents.count(collection, choice);
    report.draw('written', Math.max(0, found - left), found);
    if (left === 0) break;
    await delay(askEveryMs, undefined, { signal: stop }).catch(() => {});
  }
  const failuresAfter = await documents.failures(collection);
  const failures = [...failuresAfter].map(
    ([code, count]) => [code, count - (failuresBefore.get(code) ?? 0)] as const,
  );
  return { ...none, ...submitted, failures: Object.fromEntries(failures.filter(([, count]) => count > 0)) };
}
