import type { ErrorCode } from '../../errors/codes.ts';
import { TintypeError } from '../../errors/tintype-error.ts';
import type { StoreChange } from '../../jobs/store-changes.ts';
import type { OpenJobStore } from '../open-job-store.ts';

/** What the thread needs to know to start. */
export interface ThreadOptions {
  readonly file: string;
  readonly exclusive: boolean;
  /** Makes the links absolute in what is told of jobs. */
  readonly publicUrl?: string | undefined;
}

/** The stores that the thread owns, and every method that may be called there. */
export const remoteMethods = {
  jobs: ['submit', 'get', 'list', 'cancel', 'retry', 'newestOutput', 'queued', 'backlog'],
  attempts: [
    'claim',
    'renew',
    'stillHeld',
    'end',
    'expireLeases',
    'readyDue',
    'leftovers',
    'forgetLeftovers',
  ],
  intake: ['submitGroups'],
  uploads: ['create', 'abandoned', 'forget'],
  partialUploads: [
    'create',
    'find',
    'lock',
    'renew',
    'unlock',
    'advance',
    'finish',
    'abandon',
    'abandoned',
    'forget',
  ],
  events: ['newest', 'after', 'prune'],
  failedJobs: ['page', 'retry'],
  idempotency: ['jobOf', 'prune'],
  statistics: ['list', 'addUp', 'prune'],
  endpoints: ['create', 'get', 'list', 'change', 'rotate', 'remove'],
  deliveries: ['claim', 'exported', 'end', 'readyDue', 'backlog', 'prune'],
  deliveryLog: ['list', 'replay'],
  expiry: ['expireDue', 'dropExpired'],
  audit: ['knownAttempts', 'knownUploads', 'expectedOutputs', 'expectedUploads'],
  leases: ['take', 'release'],
  keys: ['create', 'find', 'list', 'revoke', 'used'],
  database: ['migrate'],
} as const satisfies RemoteMethods;

/** The names of the stores of one database. */
export type StoreName = Exclude<keyof OpenJobStore, 'changes' | 'migrate' | 'close'>;

type RemoteMethods = { [S in StoreName]: readonly (keyof OpenJobStore[S])[] } & {
  database: readonly 'migrate'[];
};
export type RemoteName = keyof typeof remoteMethods;

export interface Call {
  readonly id: number;
  readonly store: RemoteName;
  readonly method: string;
  readonly parameters: readonly unknown[];
}

export type Answer =
  | { readonly id: number; readonly value: unknown; readonly error?: never }
  | { readonly id: number; readonly error: PortableError };

/** From the main thread. Waking the other thread is dear, so calls and answers share messages where they can. */
export type Request =
  | { readonly kind: 'calls'; readonly calls: readonly Call[] }
  | { readonly kind: 'close' };

/** From the store's thread. `changes` are what the calls committed, or what others did. */
export type Reply =
  | { readonly kind: 'open' }
  | { readonly kind: 'not-open'; readonly error: PortableError }
  | {
      readonly kind: 'answers';
      readonly answers: readonly Answer[];
      readonly changes: readonly StoreChange[];
    };

/** A TintypeError as data; its class does not survive the way between threads. */
export interface PortableError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly pointer: string | undefined;
  readonly retryAfter: number | undefined;
  readonly output: string | undefined;
  /** The stack of what is underneath. */
  readonly cause: string | undefined;
}

export function packError(error: TintypeError): PortableError {
  const { code, message, pointer, retryAfter, output, cause } = error;
  return { code, message, pointer, retryAfter, output, cause: describe(cause) };
}

export function unpackError({
  code,
  message,
  pointer,
  retryAfter,
  output,
  cause,
}: PortableError): TintypeError {
  return new TintypeError(code, message, {
    ...(pointer !== undefined && { pointer }),
    ...(retryAfter !== undefined && { retryAfter }),
    ...(output !== undefined && { output }),
    ...(cause !== undefined && { cause: new Error(cause) }),
  });
}

function describe(cause: unknown): string | undefined {
  if (cause === undefined) return undefined;
  return cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
}
