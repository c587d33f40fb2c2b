import type { ClaimRef } from './attempt-store.ts';

/** An output that must be in the object store. */
export interface ExpectedOutput {
  readonly jobId: string;
  readonly name: string;
  readonly key: string;
}

/** What the job store says about the object store, for the audit that compares the two. */
export interface AuditStore {
  /** Of these attempts, those that may have objects: they run, they won and their job is not expired, or they will be swept. */
  knownAttempts(attempts: readonly ClaimRef[]): Promise<ClaimRef[]>;
  /** Of these uploads, those that have a row, arriving ones included. */
  knownUploads(ids: readonly string[]): Promise<string[]>;
  /** Finished outputs after one of them, or from the first, in the order of their jobs and names. */
  expectedOutputs(
    after: Pick<ExpectedOutput, 'jobId' | 'name'> | undefined,
    limit: number,
  ): Promise<ExpectedOutput[]>;
  /** Uploads after one of them, or from the first, that jobs name and that are not abandoned. */
  expectedUploads(after: string | undefined, limit: number): Promise<string[]>;
}
