import { TintypeError } from '../errors/tintype-error.ts';
import type { Logger } from './logger.ts';

/** Logs what went wrong; at `debug` where it is that an engine is away, of which `EngineWatch` tells once for all. */
export function logFault(
  logger: Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>,
  level: 'info' | 'warn' | 'error',
  fault: unknown,
  message: string,
  facts: Readonly<Record<string, unknown>> = {},
): void {
  const isAway = TintypeError.from(fault).code === 'storage-unavailable';
  logger[isAway ? 'debug' : level]({ ...facts, err: fault }, message);
}
