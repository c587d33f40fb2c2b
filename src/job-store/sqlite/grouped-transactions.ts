import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { unavailable } from '../unavailable.ts';

const texts = {
  beginRead: 'begin',
  beginWrite: 'begin immediate',
  commit: 'commit',
  rollback: 'rollback',
  mark: 'savepoint part',
  keep: 'release part',
  undo: 'rollback to part',
} as const;

/**
 * The transactions of one connection, one after the other. Those of a group share one transaction of the database and
 * so one fsync: the first that writes begins it, the ones after are savepoints of it, and the end of the group commits.
 */
export class GroupedTransactions {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  /** `open`: a transaction of the group has written, and is not committed yet. */
  #group: 'none' | 'empty' | 'open' = 'none';
  /** Why the group could not begin: none of it waits for a locked database a second time. */
  #refusal: unknown;
  /** What the transaction that runs now is: all of the database's, the group's first, a savepoint, or reads within. */
  #part: 'whole' | 'first' | 'savepoint' | 'reads' = 'whole';

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** SQLite has rolled the group back by itself, as it does after faults such as a full disk. */
  get lost(): boolean {
    return this.#group === 'open' && !this.#database.isTransaction;
  }

  /**
   * Commits at the end of `work` what its transactions wrote. When it throws nothing of all that has happened.
   * Statements outside transactions must only read, and nothing in `work` may wait for anything outside this thread.
   */
  async group<T>(work: () => Promise<T>): Promise<T> {
    this.#group = 'empty';
    try {
      const result = await work();
      if (this.lost) throw unavailable();
      if (this.#database.isTransaction) this.#run('commit');
      return result;
    } catch (error) {
      if (this.#database.isTransaction) this.#run('rollback');
      throw error;
    } finally {
      this.#group = 'none';
      this.#refusal = undefined;
    }
  }

  /** Writers begin with the lock: a transaction that takes it later can fail where waiting does not help. */
  begin(readOnly: boolean): void {
    if (this.lost) throw unavailable();
    if (this.#group === 'open') {
      if (!readOnly) this.#run('mark');
      this.#part = readOnly ? 'reads' : 'savepoint';
    } else if (readOnly) {
      this.#run('beginRead');
      this.#part = 'whole';
    } else {
      this.#beginWrite();
      this.#part = this.#group === 'empty' ? 'first' : 'whole';
    }
  }

  commit(): void {
    if (this.#part === 'whole') this.#run('commit');
    if (this.#part === 'first') this.#group = 'open';
    if (this.#part === 'savepoint') this.#run('keep');
  }

  rollback(): void {
    if (!this.#database.isTransaction || this.#part === 'reads') return;
    try {
      if (this.#part === 'savepoint') {
        this.#run('undo');
        this.#run('keep');
      } else {
        this.#run('rollback');
      }
    } catch (error) {
      // Half of a call must not be committed with the others.
      if (this.#database.isTransaction) this.#run('rollback');
      throw error;
    }
  }

  #beginWrite(): void {
    if (this.#refusal !== undefined) throw this.#refusal;
    try {
      this.#run('beginWrite');
    } catch (error) {
      if (this.#group === 'empty') this.#refusal = error;
      throw error;
    }
  }

  #run(name: keyof typeof texts): void {
    let statement = this.#statements.get(name);
    if (statement === undefined) {
      statement = this.#database.prepare(texts[name]);
      this.#statements.set(name, statement);
    }
    statement.run();
  }
}
