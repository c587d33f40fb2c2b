import type { ErrorCode } from './codes.ts';
import { TintypeError } from './tintype-error.ts';

/** An error on its way from a child process to its parent. */
export interface FailureMessage {
  readonly kind: 'failed';
  readonly code: ErrorCode;
  readonly message: string;
  readonly output?: string;
  /** What the library said, for the log. */
  readonly cause?: string;
}

export function toFailureMessage(error: TintypeError): FailureMessage {
  const cause = error.cause instanceof Error ? error.cause.message : undefined;
  return {
    kind: 'failed',
    code: error.code,
    message: error.message,
    ...(error.output === undefined ? {} : { output: error.output }),
    ...(cause === undefined ? {} : { cause }),
  };
}

export function fromFailureMessage({ code, message, output, cause }: FailureMessage): TintypeError {
  return new TintypeError(code, message, {
    ...(cause === undefined ? {} : { cause: new Error(cause) }),
    ...(output === undefined ? {} : { output }),
  });
}
