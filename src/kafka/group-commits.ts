import type { Consumer } from './kafka-clients.ts';
import type { PartitionOffset } from './topic-record.ts';

/** Commits the offsets of a member's lanes; those that come while one is under way go together. */
export class GroupCommits {
  readonly #member: Consumer;
  readonly #pending = new Map<string, PartitionOffset>();
  #committing: Promise<void> | undefined;

  constructor(member: Consumer) {
    this.#member = member;
  }

  /**
   * Resolves once it is committed, or is not to be: while the group rebalances a commit would fail and begin another
   * rebalance, and what is not committed comes again.
   */
  async commit(done: PartitionOffset): Promise<void> {
    this.#pending.set(`${done.topic}:${done.partition}`, done);
    this.#committing ??= this.#commitPending();
    await this.#committing;
  }

  /** The partitions are shared out anew. */
  forget(): void {
    this.#pending.clear();
  }

  async #commitPending(): Promise<void> {
    try {
      // Those of one turn of the event loop go together.
      await Promise.resolve();
      while (this.#pending.size > 0 && this.#member.isActive()) {
        const offsets = [...this.#pending.values()].map(done => ({ ...done, leaderEpoch: -1 }));
        this.#pending.clear();
        await this.#member.commit({ offsets });
      }
    } finally {
      this.#committing = undefined;
    }
  }
}
