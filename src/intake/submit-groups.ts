import type { IntakeGate } from '../jobs/intake-gate.ts';
import type { IntakeStore, NewGroup } from '../jobs/intake-store.ts';
import type { CountEvents } from './event-count.ts';

/** What every intake needs beside its source. */
export interface Submission {
  readonly store: IntakeStore;
  readonly gate: Pick<IntakeGate, 'opened' | 'took'>;
  /** Says that there are so many new jobs. */
  readonly ring: (jobs: number) => void;
  readonly count: CountEvents;
}

/** Makes groups of events, in one transaction; resolves to how many of them were not known yet. Throws the store's faults. */
export async function submitGroups(
  groups: readonly NewGroup[],
  { store, gate, ring, count }: Submission,
): Promise<number> {
  const fresh = await store.submitGroups(groups);
  const jobs = groups.reduce((sum, group) => sum + group.jobs.length, 0);
  // Which of them are new the store does not say: a ring too many finds nothing, and the gate counts again by itself.
  if (fresh > 0 && jobs > 0) {
    gate.took(jobs);
    ring(jobs);
  }
  count('taken', fresh);
  count('known', groups.length - fresh);
  return fresh;
}
