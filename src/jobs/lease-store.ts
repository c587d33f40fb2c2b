/** A duty that one process of a cluster does at a time. */
export interface Duty {
  readonly name: string;
  /** Names the process that wants to do it. */
  readonly holder: string;
  /** How long it is its own without taking it again, in milliseconds. */
  readonly leaseMs: number;
  /** How long after it was last done it is due again, in milliseconds. */
  readonly everyMs: number;
}

/** While somebody holds this one, stores name no objects to be deleted (`leftovers`, `abandoned`). */
export const backupDuty = 'backup';

/** Who does what, and when it was last done; it outlives restarts. The database's clock decides. */
export interface LeaseStore {
  /** Takes a duty that is due and that nobody else holds, or keeps one that is held already; false where neither is so. */
  take(duty: Duty): Promise<boolean>;
  /** Lets a duty go; it counts as done now if it is. Nothing happens when somebody else holds it. */
  release(duty: Pick<Duty, 'name' | 'holder'>, isDone: boolean): Promise<void>;
}
