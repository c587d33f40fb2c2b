import type { CompiledQuery, Kysely } from 'kysely';
import type { Tables } from './tables.ts';

/** Stands for a value in a query that is compiled before the value is known. */
class Slot {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

const slots = new Proxy({}, { get: (_target, name) => new Slot(String(name)) });

/** A query that was built and compiled once; building one costs Kysely more than most of ours cost to run. */
export interface Prepared<P, R> {
  /** The rows it returns. */
  all(db: Kysely<Tables>, parameters: P): Promise<R[]>;
  first(db: Kysely<Tables>, parameters: P): Promise<R | undefined>;
  /** How many rows it wrote; for queries that return none. */
  write(db: Kysely<Tables>, parameters: P): Promise<number>;
}

/**
 * Compiles what `build` makes of its parameters. It sees placeholders there, not values: it may hand them
 * to Kysely and do nothing else with them.
 */
export function prepare<P extends object, R>(build: (parameters: P) => CompiledQuery<R>): Prepared<P, R> {
  const compiled = build(slots as P);
  const run = (db: Kysely<Tables>, values: P) =>
    db.executeQuery<R>({ ...compiled, parameters: compiled.parameters.map(value => fill(value, values)) });
  return {
    all: async (db, values) => (await run(db, values)).rows,
    first: async (db, values) => (await run(db, values)).rows[0],
    write: async (db, values) => Number((await run(db, values)).numAffectedRows ?? 0),
  };
}

function fill(value: unknown, values: object): unknown {
  return value instanceof Slot ? (values as Record<string, unknown>)[value.name] : value;
}
