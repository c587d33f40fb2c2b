import { Command } from 'commander';
import { backUp } from '../backup/back-up.ts';
import type { Manifest } from '../backup/manifest.ts';
import { type Config, readConfig } from '../config/config.ts';
import { jobStoreOptions } from '../config/job-store-options.ts';
import { objectStoreOptions } from '../config/object-store-options.ts';
import { openStoredTables } from '../job-store/transfer/open-stored-tables.ts';
import { openObjectStore } from '../objects/open-object-store.ts';
import { version } from '../program/version.ts';
import { createLogger } from '../telemetry/logger.ts';
import { backupFacts, counted, summaryOf } from './backup-facts.ts';
import { openExistingStore } from './existing-store.ts';
import { exitCodes, type SetExitCode } from './exit-codes.ts';
import { signalExitCode, stopSignal } from './stop-signal.ts';
import { TransferReport } from './transfer-report.ts';

export function backupCommand(setExitCode: SetExitCode): Command {
  return new Command('backup')
    .description('copy the job store and its objects into a new folder, also beside a running service')
    .argument('<folder>', 'where the backup goes: an empty folder, or one that does not exist')
    .option('--json', 'print one JSON document at the end')
    .action(async (folder: string, { json = false }: { json?: boolean }) => {
      setExitCode(await backup(folder, json));
    });
}

/** Resolves to the exit code. */
async function backup(folder: string, json: boolean): Promise<number> {
  const stop = stopSignal();
  // What callers sent is nobody else's to read, whatever folder it comes to.
  process.umask(0o077);
  const report = new TransferReport();
  let manifest: Manifest;
  try {
    manifest = await written(folder, readConfig(process.env), report, stop);
  } catch (error) {
    report.end();
    if (!stop.aborted) throw error;
    console.error(`Stopped: ${folder} is not a whole backup; remove it.`);
    return signalExitCode(stop.reason);
  }
  report.end();
  const facts = backupFacts(folder, manifest);
  console.log(json ? JSON.stringify(facts, null, 2) : `Backed up ${summaryOf(facts)} in ${folder}.`);
  if (facts.missing === 0) return exitCodes.ok;
  console.error(
    `Not in it: ${counted(facts.missing, 'object')}, missing or damaged before; see missing.ndjson in it.`,
  );
  return exitCodes.failed;
}

async function written(
  folder: string,
  config: Config,
  report: TransferReport,
  stop: AbortSignal,
): Promise<Manifest> {
  await using parts = new AsyncDisposableStack();
  const logger = createLogger(config.LOG_LEVEL);
  const store = parts.adopt(await openExistingStore(config), opened => opened.close());
  const tables = await openStoredTables(jobStoreOptions(config), false);
  parts.defer(() => tables.close());
  const { objects, close } = await openObjectStore(objectStoreOptions(config), logger);
  parts.defer(close);
  const openFolder = async (url: string) => {
    const opened = await openObjectStore({ url }, logger);
    await opened.prepare({ isAlone: true });
    return { objects: opened.objects, [Symbol.asyncDispose]: opened.close };
  };
  const leaseMs = config.LEASE_SECONDS * 1000;
  return await backUp(
    folder,
    { tables, leases: store.leases, objects, openFolder, leaseMs, version },
    report,
    stop,
  );
}
