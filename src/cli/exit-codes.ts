import { CommanderError } from 'commander';
import { TintypeError } from '../errors/tintype-error.ts';

export const exitCodes = {
  ok: 0,
  /** The command was right and its work failed. */
  failed: 1,
  /** The command line was wrong. */
  usage: 2,
  /** sysexits.h calls it EX_CONFIG. */
  configuration: 78,
} as const;

/** What a command calls at its end when its exit code is not 0 and there is no error left to tell. */
export type SetExitCode = (code: number) => void;

export function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  if (!(error instanceof TintypeError)) return exitCodes.failed;
  if (error.code === 'invalid-configuration') return exitCodes.configuration;
  return error.code === 'invalid-request' ? exitCodes.usage : exitCodes.failed;
}
