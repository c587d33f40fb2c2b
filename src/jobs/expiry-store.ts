/**
 * What happens to jobs after their end. Deleting is two steps: here jobs are marked as expired and their attempts and
 * uploads as to be swept, in one transaction; then the sweeper deletes the objects and forgets the marks
 * (`AttemptStore.leftovers`, `UploadStore.abandoned`). A crash anywhere leaves neither objects that nobody knows nor
 * results that are not there.
 */
export interface ExpiryStore {
  /** Ends the retention of jobs whose time is over, oldest first, `limit` at most; resolves to how many. */
  expireDue(limit: number): Promise<number>;
  /**
   * Drops the rows of jobs that expired longer ago than this and whose objects are gone, `limit` at most, and groups
   * with the last of their jobs; those that had none, when they ended longer ago. Resolves to how many jobs and such
   * groups that were.
   */
  dropExpired(minAgeMs: number, limit: number): Promise<number>;
}
