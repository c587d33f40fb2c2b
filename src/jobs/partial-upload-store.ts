import type { KeptBytes } from './partial-files.ts';

/** An upload that comes in pieces and has not come to its end. */
export interface ArrivingUpload extends KeptBytes {
  readonly state: 'arriving';
  readonly id: string;
  readonly filename: string;
  /** Of the whole file. */
  readonly bytes: number;
  /** When it was made or the last bytes came; milliseconds since the epoch, by the database's clock. */
  readonly touchedAt: number;
}

/** An upload that is stored as an object, however it came. */
export interface WholeUpload {
  readonly state: 'whole';
  readonly id: string;
  readonly filename: string;
}

/** Whether a lock was taken; `none` where there is nothing to lock: no such upload, or a whole one. */
export type LockResult = 'locked' | 'taken' | 'none';

/** Uploads that one owner may have begun and not completed, each of which may take the room of a file for a day. */
export const mostOpenUploads = 2_000;

/**
 * Uploads that come in pieces, over several requests and processes. Who writes to one holds its lock, under a token of
 * his own; a lock is a lease, so that it goes with a process that dies.
 */
export interface PartialUploadStore {
  /**
   * Notes an upload of which nothing has come; the maker holds its lock. Throws `too-many-uploads` when the owner has
   * `mostOpenUploads`.
   */
  create(upload: {
    id: string;
    owner: string;
    filename: string;
    bytes: number;
    token: string;
    leaseMs: number;
  }): Promise<void>;
  /** Undefined for one that is not there, is another owner's where `owner` is given, or is about to be deleted. */
  find(id: string, owner?: string): Promise<ArrivingUpload | WholeUpload | undefined>;
  /** Takes the lock if it is free. Otherwise its holder is asked to give it up: `renew` tells him. */
  lock(id: string, token: string, leaseMs: number): Promise<LockResult>;
  /** Extends these locks, as far as they are still held; says which somebody else has asked for. */
  renew(tokens: readonly string[], leaseMs: number): Promise<{ token: string; wanted: boolean }[]>;
  unlock(token: string): Promise<void>;
  /** From now on these bytes count as received. False if the lock is not held any more: then nothing changed. */
  advance(id: string, token: string, kept: KeptBytes): Promise<boolean>;
  /** Its object is stored: makes it an upload that a job may name. False if the lock is not held any more. */
  finish(id: string, token: string): Promise<boolean>;
  /** From then on nobody writes to it and no job can name it. False if there is none or a job names it. */
  abandon(id: string): Promise<boolean>;
  /** Arriving uploads of which nothing came for `minAgeMs`, and what was left of abandoned ones; abandons them. */
  abandoned(minAgeMs: number, limit: number): Promise<string[]>;
  /** The bytes of these abandoned ones are gone. */
  forget(ids: readonly string[]): Promise<void>;
}
