import type { JobEvent } from './event-log.ts';

/** What happened in the job store; told after the commit, at most once, and possibly never: a hint to look, not a fact. */
export type StoreChange =
  /** There may be work to claim. */
  | { readonly kind: 'work' }
  /** There may be deliveries to make. */
  | { readonly kind: 'delivery' }
  /** There are new rows in the event log: these, in their order, where the teller wrote them himself. */
  | { readonly kind: 'event'; readonly events?: readonly JobEvent[] }
  | { readonly kind: 'progress'; readonly jobId: string; readonly owner: string; readonly progress: number };

export interface StoreChanges {
  /** Calls the listener for changes by this and other processes; returns the way to stop it. */
  subscribe(listener: (change: StoreChange) => void): () => void;
}
