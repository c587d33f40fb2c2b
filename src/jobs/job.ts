import type { ErrorCode } from '../errors/codes.ts';
import type { Idempotency } from './idempotency-store.ts';
import type { JobStatus } from './states.ts';
import type { JobWebhook } from './webhook.ts';

/** In the order in which they start; the index is what the job store sorts by. */
export const priorities = ['interactive', 'normal', 'bulk'] as const;
export type Priority = (typeof priorities)[number];

/** Where the original is. Keys of the object store are resolved at submission and never shown. */
export type Source =
  | { readonly upload: string; readonly filename: string }
  | { readonly url: string; readonly filename: string }
  | { readonly object: string; readonly filename: string };

/** What one output shall be. The options beside the names are the image module's business (`OutputOptions`). */
export interface OutputRequest {
  /** Unique within the job. */
  readonly name: string;
  /** The name under which it is downloaded. */
  readonly filename: string;
  readonly options: object;
}

/** One new image, once it is stored. */
export interface StoredOutput {
  readonly name: string;
  /** The object store's key of this attempt's copy. */
  readonly key: string;
  readonly width: number;
  readonly height: number;
  readonly bytes: number;
  readonly contentType: string;
  /** Hex. */
  readonly sha256: string;
}

export interface Failure {
  readonly code: ErrorCode;
  /** For a person. */
  readonly message: string;
}

export interface JobOutput extends OutputRequest {
  /** `expired`: it was complete, and its object is deleted or about to be. */
  readonly status: 'pending' | 'complete' | 'failed' | 'expired';
  /** Of the attempt that won; only when complete or expired. */
  readonly stored?: StoredOutput;
  /** Why this output could not be made; absent when another one made the job fail. */
  readonly failure?: Failure;
}

/** One request: one source image, one or more outputs. All times are milliseconds since the epoch, by the database's clock. */
export interface Job {
  /** UUIDv7, so ids sort by time of submission. */
  readonly id: string;
  readonly owner: string;
  readonly status: JobStatus;
  readonly priority: Priority;
  readonly class?: string;
  /** 1, and one more after each retry that was asked for. */
  readonly run: number;
  /** Attempts of this run that count: those that fetched and rendered, well or badly. */
  readonly attempts: number;
  /** 0 to 1; its latest value comes with the heartbeat. */
  readonly progress: number;
  readonly source: Source;
  readonly outputs: readonly JobOutput[];
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly submittedAt: number;
  /** It does not start before this: as submitted, or since a retry or a failed attempt. */
  readonly notBefore: number;
  /** How long after its end it expires, in milliseconds; absent, never. */
  readonly retentionMs?: number;
  readonly startedAt?: number;
  readonly endedAt?: number;
  /** From its end: when it expires, or has expired; absent if it is kept for ever. */
  readonly expiresAt?: number;
  /** When it failed, or between two attempts: why. */
  readonly failure?: Failure;
}

/** One attempt at a job, as it stands. */
export interface Try {
  readonly attempt: number;
  readonly run: number;
  readonly startedAt: number;
  readonly endedAt?: number;
  /** Absent while it is under way. `requeued`: given back, to be tried again; `lost`: nobody heard of it any more. */
  readonly result?: 'complete' | 'failed' | 'requeued' | 'lost' | 'cancelled';
  readonly failure?: Failure;
}

/** The newest tries that a job is shown with. */
export const longestTries = 20;

/** A job with what was tried: the newest `longestTries` attempts of all runs, oldest first. */
export interface TriedJob extends Job {
  readonly tries: readonly Try[];
}

export interface NewJob {
  readonly id: string;
  readonly owner: string;
  readonly priority: Priority;
  readonly class?: string;
  readonly source: Source;
  readonly outputs: readonly OutputRequest[];
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly notBefore?: number;
  readonly idempotency?: Idempotency;
  /** Who is told of its end; never shown, because addresses may hold secrets too. */
  readonly webhooks?: readonly JobWebhook[];
  /** How long after its end it expires, in milliseconds; left out, never. */
  readonly retentionMs?: number;
}
