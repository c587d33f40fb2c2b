import Type, { type Static } from 'typebox';
import { Value } from 'typebox/value';
import { TintypeError } from '../errors/tintype-error.ts';

/** Of the folder's layout. */
export const format = 1;

const count = Type.Integer({ minimum: 0 });
const lines = Type.Object({ lines: count, sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }) });

/** What a file of lines holds: how many, and its SHA-256 in hex. */
export type LinesFacts = Static<typeof lines>;

const schema = Type.Object({
  format: Type.Literal(format),
  /** The version of Tintype that made it. */
  version: Type.String(),
  createdAt: Type.String(),
  /** The newest migration of the job store. */
  schema: Type.String({ pattern: '^[0-9a-z-]+$' }),
  /** By name, in the order in which they can be filled. */
  tables: Type.Record(Type.String({ pattern: '^[a-z_]+$' }), lines),
  counters: Type.Record(Type.String({ pattern: '^[a-z_]+$' }), count),
  objects: lines,
  objectBytes: count,
  missing: lines,
});

/** `manifest.json` of a backup (docs/backup.md). */
export type Manifest = Static<typeof schema>;

/** Throws `invalid-request` for what is no manifest, or one of a later version. */
export function parseManifest(text: string): Manifest {
  const found = parseJson(text);
  if (Value.Check(schema, found)) return found;
  const isLater = Value.Check(Type.Object({ format: Type.Integer({ minimum: format + 1 }) }), found);
  throw new TintypeError(
    'invalid-request',
    isLater
      ? 'This backup is of a later version of Tintype: restore it with that version.'
      : 'Its manifest.json is none of a backup.',
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
