import type { GroupGeneration } from './group-generation.ts';
import type { Consumer } from './kafka-clients.ts';
import type { PartitionOffset } from './topic-record.ts';

/** Commits the offsets of the lanes of one generation; those that come while one is under way go together. */
export class GroupCommits {
  readonly #client: Consumer;
  readonly #pending = new Map<string, PartitionOffset>();
  #committing: Promise<void> | undefined;

  /**
   * @param client no member of the group, without retries: a member's own client would join again after a refusal, and
   * commit for a generation in which the partition may be another's
   */
  constructor(client: Consumer, { generationId, memberId }: GroupGeneration) {
    client.generationId = generationId;
    client.memberId = memberId;
    this.#client = client;
  }

  /** Resolves once it is committed. Throws the client's own error. */
  async commit(done: PartitionOffset): Promise<void> {
    this.#pending.set(`${done.topic}:${done.partition}`, done);
    this.#committing ??= this.#commitPending();
    await this.#committing;
  }

  async #commitPending(): Promise<void> {
    try {
      // Those of one turn of the event loop go together.
      await Promise.resolve();
      while (this.#pending.size > 0) {
        const offsets = [...this.#pending.values()].map(done => ({ ...done, leaderEpoch: -1 }));
        this.#pending.clear();
        await this.#client.commit({ offsets });
      }
    } finally {
      this.#committing = undefined;
    }
  }
}
