import path from 'node:path';
import { TintypeError } from '../errors/tintype-error.ts';
import { type ValueKind, withoutPassword } from './values.ts';

export interface Variable<T, Default extends string | undefined> {
  readonly kind: ValueKind<T>;
  /** As it would be written in the environment; undefined leaves the value unset. */
  readonly default: Default;
}

type Variables = Readonly<Record<string, Variable<unknown, string | undefined>>>;
type Value<V> = V extends { kind: { parse(text: string, root: string): infer T } } ? NonNullable<T> : never;

/** One typed value a variable, under the variable's own name. Unset ones without a default are undefined. */
export type ValuesOf<Table extends Variables> = {
  readonly [Name in keyof Table]:
    | Value<Table[Name]>
    | (Table[Name]['default'] extends string ? never : undefined);
};

export function variable<T, const Default extends string | undefined>(
  kind: ValueKind<T>,
  defaultText: Default,
): Variable<T, Default> {
  return { kind, default: defaultText };
}

/**
 * Reads a table of variables. A fault names the variable, what was found and what is accepted; its value is undefined then,
 * and its name is there.
 * @param textOf what the environment says of a variable, or what stands for it; empty or undefined for its default
 * @param root what relative paths start from
 */
export function readValues(
  variables: Variables,
  textOf: (name: string) => string | undefined,
  root: string,
): { values: Record<string, unknown>; faults: string[] } {
  const faults: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, { kind, default: defaultText }] of Object.entries(variables)) {
    const found = textOf(name) || defaultText;
    if (found === undefined) continue;
    const value = kind.parse(found, root);
    const shown = kind.isSecret ? '…' : withoutPassword(found);
    if (value === undefined) faults.push(`${name} is '${shown}'; accepted: ${kind.accepts}`);
    values[name] = value;
  }
  return { values, faults };
}

/** Throws one `invalid-configuration` that lists them all, if there are any. */
export function refuseFaults(faults: readonly string[]): void {
  if (faults.length === 0) return;
  throw new TintypeError('invalid-configuration', `The configuration has faults:\n  ${faults.join('\n  ')}`);
}

/** In a clone the project's folder, wherever the launcher was called from; else the working directory. */
export function defaultRoot(): string {
  return import.meta.url.endsWith('.ts') ? path.resolve(import.meta.dirname, '../..') : process.cwd();
}
