import { codes, type ErrorCode } from './codes.ts';

export interface ErrorDetails {
  /** What went wrong underneath; for logs, never shown to callers. */
  cause?: unknown;
  /** RFC 6901 pointer to the field of the request that is at fault, such as `/outputs/0/size`. */
  pointer?: string;
  /** Seconds after which trying again makes sense; sent as `Retry-After`. */
  retryAfter?: number;
  /** The name of the output that could not be made, when only that one is at fault. */
  output?: string;
}

/** The one error class. `message` is written for the person who asked and may be shown to anyone. */
export class TintypeError extends Error {
  override readonly name = 'TintypeError';
  readonly code: ErrorCode;
  readonly pointer: string | undefined;
  readonly retryAfter: number | undefined;
  readonly output: string | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.pointer = details.pointer;
    this.retryAfter = details.retryAfter;
    this.output = details.output;
  }

  get status(): number {
    return codes[this.code].status;
  }

  get retryable(): boolean {
    return codes[this.code].retryable;
  }

  /** Anything thrown, as a TintypeError: a stranger becomes `internal`, with itself as the cause. */
  static from(thrown: unknown): TintypeError {
    if (thrown instanceof TintypeError) return thrown;
    return new TintypeError('internal', 'Something went wrong on our side.', { cause: thrown });
  }
}
