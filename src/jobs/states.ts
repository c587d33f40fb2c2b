/** A job's states and the only ways between them. `docs/job-states.md` is the picture; a test keeps them the same. */
export const transitions = {
  pending: { claim: 'processing', cancel: 'cancelled' },
  processing: {
    complete: 'complete',
    fail: 'failed',
    /** A passing fault, a lost lease, or work given back at shutdown. */
    requeue: 'pending',
    cancel: 'cancelled',
  },
  complete: { expire: 'expired' },
  failed: { retry: 'pending', expire: 'expired' },
  cancelled: { retry: 'pending', expire: 'expired' },
  expired: {},
} as const;

export type JobStatus = keyof typeof transitions;

export const jobStatuses = Object.keys(transitions) as JobStatus[];

/** Ended: nothing happens to it any more unless somebody asks for a retry or its retention is over. */
export const endedStatuses = ['complete', 'failed', 'cancelled', 'expired'] as const satisfies JobStatus[];

export function hasEnded(status: JobStatus): boolean {
  return (endedStatuses as readonly JobStatus[]).includes(status);
}

export function canRetry(status: JobStatus): boolean {
  return 'retry' in transitions[status];
}
