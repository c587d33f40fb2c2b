import { setTimeout as delay } from 'node:timers/promises';
import { Command } from 'commander';
import { backfillFaults, backfillUrl } from '../config/backfill-options.ts';
import { type Config, readConfig } from '../config/config.ts';
import { objectStoreOptions } from '../config/object-store-options.ts';
import { collectionName } from '../config/values.ts';
import { TintypeError } from '../errors/tintype-error.ts';
import type { OpenJobStore } from '../job-store/open-job-store.ts';
import { IntakeGate } from '../jobs/intake-gate.ts';
import { openObjectStore } from '../objects/open-object-store.ts';
import { createLogger } from '../telemetry/logger.ts';
import type { BackfillService } from '../wiring/backfill-service.ts';
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
  if (!collectionName.test(flags.collection)) {
    throw new TintypeError('invalid-request', `'${flags.collection}' is no name of a collection.`);
  }
  await using parts = new AsyncDisposableStack();
  const config = readConfig(process.env);
  const store = parts.adopt(await openExistingStore(config), opened => opened.close());
  const service = parts.use(await openService(config, store, parts));
  const report = new BackfillReport(flags.json ?? false);
  const summary = await run(service, store, flags, report, stop).finally(() => report.end());
  report.tell(summary, stop.aborted);
  return stop.aborted ? signalExitCode(stop.reason) : 0;
}

async function openService(
  config: Config,
  store: OpenJobStore,
  parts: AsyncDisposableStack,
): Promise<BackfillService> {
  const url = backfillUrl(config);
  if (url === undefined) {
    throw new TintypeError('invalid-configuration', 'MONGO_URL is unset; accepted: the URL of a database.');
  }
  const [fault] = backfillFaults(config);
  if (fault !== undefined) throw new TintypeError('invalid-configuration', `${fault}.`);
  const logger = createLogger(config.LOG_LEVEL);
  const objects = parts.adopt(await openObjectStore(objectStoreOptions(config), logger), opened =>
    opened.close(),
  );
  // Loaded only here, because it brings the client of MongoDB.
  const { createBackfillService } = await import('../wiring/backfill-service.ts');
  return createBackfillService(config, url, {
    intake: store.intake,
    gate: new IntakeGate(store.jobs, config.MAX_QUEUED_JOBS),
    // A running service notices the new work by itself.
    queue: { ring: () => {} },
    count: () => {},
    exportsUrl: objects.exports.url,
  });
}

async function run(
  { backfill, documents, owner }: BackfillService,
  store: OpenJobStore,
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
  while (wait && !stop.aborted) {
    const isDone = !(await hasOpenWork(store, owner));
    const asked = performance.now();
    const left = await documents.count(collection, choice);
    report.draw('written', Math.max(0, found - left), found);
    if (isDone) break;
    // To count reads the collection.
    const pauseMs = Math.max(askEveryMs, 10 * (performance.now() - asked));
    await delay(pauseMs, undefined, { signal: stop }).catch(() => {});
  }
  const failuresAfter = await documents.failures(collection);
  const failures = [...failuresAfter].map(
    ([code, count]) => [code, count - (failuresBefore.get(code) ?? 0)] as const,
  );
  return { ...none, ...submitted, failures: Object.fromEntries(failures.filter(([, count]) => count > 0)) };
}

/** Whether anything that the backfill has asked for is not told yet; jobs first, because their ends make deliveries. */
async function hasOpenWork({ jobs, deliveryLog }: OpenJobStore, owner: string): Promise<boolean> {
  for (const status of ['pending', 'processing'] as const) {
    if ((await jobs.list({ owner, status }, { limit: 1 })).jobs.length > 0) return true;
  }
  return (await deliveryLog.list({ owner, status: 'pending' }, { limit: 1 })).deliveries.length > 0;
}
