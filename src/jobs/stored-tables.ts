/** One row as it is stored, by the names of its columns. */
export type StoredRow = Readonly<Record<string, string | number | null>>;

/** Every table of a job store as it was at one moment. */
export interface TableSnapshot {
  /** The newest migration that has run: what the tables look like. */
  readonly schema: string;
  /** The names of the tables, each after those that its rows refer to. */
  readonly tables: readonly string[];
  /** Of tables whose rows are numbered: the last number that was given to one, also to one that is gone. */
  readonly counters: Readonly<Record<string, number>>;
  /** All rows of a table, some at a time. */
  pages(table: string): AsyncIterable<readonly StoredRow[]>;
}

/** Adds rows to a table, all of which have the same columns. */
export type AddRows = (table: string, rows: readonly StoredRow[]) => Promise<void>;

/**
 * The tables of a job store as a whole, for whoever copies them. Without what belongs to running processes: leases, and
 * uploads of which pieces are missing.
 */
export interface StoredTables {
  /**
   * Reads all tables in the state of one moment; keeps no writer waiting. Throws `invalid-configuration` where the tables
   * are not those of this version.
   */
  read<T>(work: (snapshot: TableSnapshot) => Promise<T>): Promise<T>;
  /** Throws `invalid-configuration` when a table has rows; there may be no tables yet. */
  requireEmpty(): Promise<void>;
  /**
   * Makes the tables as they were when `schema` was the newest migration. Throws `invalid-request` for one that this
   * version does not know, and `invalid-configuration` where they are newer already.
   */
  makeAsOf(schema: string): Promise<void>;
  /**
   * Fills the tables, all in one transaction; then what was running is nobody's. Throws `invalid-configuration` when a
   * table has rows already.
   * @param counters the numbers after which new rows begin; later rows are given none that anybody may have seen.
   */
  fill(counters: TableSnapshot['counters'], work: (add: AddRows) => Promise<void>): Promise<void>;
  /** Brings the tables up to date. */
  migrate(): Promise<void>;
  close(): Promise<void>;
}
