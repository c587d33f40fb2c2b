import { DatabaseSync } from 'node:sqlite';
import { TintypeError } from '../../errors/tintype-error.ts';
import { isBusy } from './sqlite-faults.ts';

/** Long enough for a predecessor that is just going. */
const longestWaitMs = 3_000;

/**
 * Holds `<file>.lock` until it is closed. The lock is SQLite's own on a second, empty database, so that it goes with the
 * process however that dies. Nothing else may open that file in this process: closing it would give the lock away
 * (POSIX locks, https://www.sqlite.org/howtocorrupt.html 2.2).
 * Throws `storage-unavailable` when somebody else has it. Blocks the thread for up to three seconds.
 */
export function lockExclusively(file: string): Disposable {
  const lock = new DatabaseSync(`${file}.lock`, { timeout: longestWaitMs });
  try {
    lock.exec('begin exclusive');
  } catch (error) {
    lock.close();
    if (!isBusy(error)) throw error;
    const message = `Another \`tintype serve\` uses ${file}. Stop it first, or give this one a file of its own.`;
    throw new TintypeError('storage-unavailable', message, { cause: error });
  }
  return { [Symbol.dispose]: () => lock.close() };
}
