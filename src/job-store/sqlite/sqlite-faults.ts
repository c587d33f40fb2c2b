import { TintypeError } from '../../errors/tintype-error.ts';
import { unavailable } from '../unavailable.ts';

/** Primary result codes, https://www.sqlite.org/rescode.html. */
const busy = 5;
/** Those that say "not now": nothing is wrong with what was asked or with what is stored. */
const passing = new Set([
  3 /* perm */,
  busy,
  6 /* locked */,
  8 /* read-only */,
  10 /* I/O */,
  13 /* full */,
  14 /* can't open */,
]);

/** What SQLite threw, in our words: `storage-unavailable` for a disk or lock that is in the way, else `internal`. */
export function fromSqlite(thrown: unknown): TintypeError {
  const code = primaryCode(thrown);
  if (code === undefined || !passing.has(code)) return TintypeError.from(thrown);
  return unavailable(thrown);
}

/** The file begins otherwise than SQLite's. */
export function isNoDatabase(thrown: unknown): boolean {
  return primaryCode(thrown) === 26;
}

export function isBusy(thrown: unknown): boolean {
  return primaryCode(thrown) === busy;
}

/** The low byte: extended codes add details above it. */
function primaryCode(thrown: unknown): number | undefined {
  if (!(thrown instanceof Error) || !('errcode' in thrown)) return undefined;
  return typeof thrown.errcode === 'number' ? thrown.errcode & 0xff : undefined;
}
