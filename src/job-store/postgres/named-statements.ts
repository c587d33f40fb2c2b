import type pg from 'pg';
import { isDirect } from './direct-connection.ts';

/**
 * Keeps the statements of the stores planned on each connection. Their texts are fixed, so they are few; the database
 * takes longer to plan most of them than to run them.
 */
export class NamedStatements {
  readonly #direct = new WeakSet<pg.ClientBase>();
  readonly #names = new Map<string, string>();
  #given = 0;

  /**
   * For a new connection. Names need the database itself at the other end: a pooler may hand each transaction to another
   * connection, which does not know them.
   */
  async begin(client: pg.ClientBase): Promise<void> {
    if (!(await isDirect(client))) return;
    // A plan is kept for longer than its table is small, and every statement has an index. Without sequential scans, and
    // so with costs that say nothing, Postgres 17 and older would compile the few plans that need one.
    await client.query('set enable_seqscan = off; set jit = off');
    this.#direct.add(client);
  }

  /** The statement as the connection is to be asked for it. */
  query(client: pg.ClientBase, text: string, values: unknown[]): string | pg.QueryConfig {
    if (values.length === 0) return text;
    return this.#direct.has(client) ? { name: this.#name(text), text, values } : { text, values };
  }

  /** When the tables have changed: what the connections keep would return other columns than it did, and is refused. */
  forget(): void {
    this.#names.clear();
  }

  #name(text: string): string {
    const known = this.#names.get(text);
    if (known !== undefined) return known;
    this.#given += 1;
    const name = `statement ${this.#given}`;
    this.#names.set(text, name);
    return name;
  }
}
