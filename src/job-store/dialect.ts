import type { RawBuilder } from 'kysely';

/** Everything in which the databases differ; the stores are written once, on top of it. */
export interface SqlDialect {
  /** The database's clock, in milliseconds since the epoch. */
  readonly now: RawBuilder<number>;
  /** A table of one column, `value`, with the elements (as JSON) of an array of JSON, which is bound as text or a column. */
  readonly each: (json: string | RawBuilder<unknown>) => RawBuilder<{ value: string }>;
  /** A table of one column, `value`, with the strings of an array that is bound as JSON text. */
  readonly texts: (json: string) => RawBuilder<{ value: string }>;
  /** Follows a column: whether it is one of an array of strings that is bound as JSON text. */
  readonly oneOf: (json: string) => RawBuilder<boolean>;
  /** Aggregates a column, in the order of its rows, into JSON text. */
  readonly list: (column: RawBuilder<unknown>) => RawBuilder<string>;
  /** The column definition of a primary key that counts up by itself and never takes a number twice. */
  readonly countingKey: RawBuilder<unknown>;
  /** Stands before the values of an insert that brings its own counting keys. */
  readonly givenKeys: RawBuilder<unknown>;
  /** The last counting key, `position`, that a table gave; null before the first. */
  readonly lastKey: (table: string) => RawBuilder<number | null>;
  /** Statements after which a table's counting keys go on behind this one. */
  readonly continueAfter: (table: string, key: number) => readonly RawBuilder<unknown>[];
  /**
   * Whether transactions become visible in the order of the counting keys that they took: so where one writes at a
   * time. Otherwise a reader may see a key before a lower one.
   */
  readonly commitsInOrder: boolean;
  /**
   * Makes whoever else locks one of these order keys, an array of strings that is bound as JSON text, wait for the end of
   * this transaction; undefined where one writes at a time.
   */
  readonly lockOrder: ((keys: string) => RawBuilder<unknown>) | undefined;
  /** Ends a select of rows that this transaction is about to change, and leaves out those that another one has. */
  readonly skipLocked: RawBuilder<unknown>;
}
