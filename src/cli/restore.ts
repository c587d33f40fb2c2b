import { Command } from 'commander';
import { BackupFolder, type OpenBackup } from '../backup/backup-folder.ts';
import { restore } from '../backup/restore.ts';
import { type Config, readConfig } from '../config/config.ts';
import { jobStoreOptions } from '../config/job-store-options.ts';
import { objectStoreOptions } from '../config/object-store-options.ts';
import { openStoredTables } from '../job-store/transfer/open-stored-tables.ts';
import { openObjectStore } from '../objects/open-object-store.ts';
import { createLogger } from '../telemetry/logger.ts';
import { backupFacts, summaryOf } from './backup-facts.ts';
import { exitCodes, type SetExitCode } from './exit-codes.ts';
import { signalExitCode, stopSignal } from './stop-signal.ts';
import { TransferReport } from './transfer-report.ts';

export function restoreCommand(setExitCode: SetExitCode): Command {
  return new Command('restore')
    .description('fill an empty job store and an empty object store from a backup, while no service runs')
    .argument('<folder>', 'what `tintype backup` has written')
    .option('--json', 'print one JSON document at the end')
    .action(async (folder: string, { json = false }: { json?: boolean }) => {
      setExitCode(await restoreFrom(folder, json));
    });
}

/** Resolves to the exit code. */
async function restoreFrom(folder: string, json: boolean): Promise<number> {
  const stop = stopSignal();
  const config = readConfig(process.env);
  const backup = await BackupFolder.open(folder);
  const report = new TransferReport();
  try {
    await fill(backup, config, report, stop);
  } catch (error) {
    report.end();
    if (!stop.aborted || error !== stop.reason) throw error;
    console.error('Stopped: no row is restored; the same command goes on.');
    return signalExitCode(stop.reason);
  }
  report.end();
  const facts = backupFacts(folder, backup.manifest);
  console.log(json ? JSON.stringify(facts, null, 2) : `Restored ${summaryOf(facts)}.`);
  if ((backup.manifest.tables.webhook_endpoints?.lines ?? 0) > 0) {
    console.error(
      'Webhook secrets are still encrypted: give the service the SECRETS_KEY of the one that was backed up.',
    );
  }
  return exitCodes.ok;
}

async function fill(
  backup: OpenBackup,
  config: Config,
  report: TransferReport,
  stop: AbortSignal,
): Promise<void> {
  await using parts = new AsyncDisposableStack();
  const logger = createLogger(config.LOG_LEVEL);
  const tables = await openStoredTables(jobStoreOptions(config), true);
  parts.defer(() => tables.close());
  const store = await openObjectStore(objectStoreOptions(config), logger);
  parts.defer(store.close);
  const openFolder = async (url: string) => {
    const opened = await openObjectStore({ url }, logger);
    return { objects: opened.objects, [Symbol.asyncDispose]: opened.close };
  };
  const prepare = () => store.prepare({ isAlone: false });
  await restore(backup, { tables, objects: store.objects, prepare, openFolder }, report, stop);
}
