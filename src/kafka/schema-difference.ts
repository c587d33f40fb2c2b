import avro from 'avsc';

interface RecordSchema {
  readonly type: 'record';
  readonly fields: readonly Field[];
}

interface Field {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly type: unknown;
  readonly default?: unknown;
}

/**
 * The first field, as `record.field`, because of which a reader with the one schema can't read what was written with
 * the other; undefined when it can, or when it is no field that is at fault.
 */
export function fieldAtFault(reader: unknown, writer: unknown): string | undefined {
  if (!isRecord(reader) || !isRecord(writer)) return undefined;
  for (const field of reader.fields) {
    const names = [field.name, ...(field.aliases ?? [])];
    const written = writer.fields.find(({ name }) => names.includes(name));
    if (written === undefined) {
      if (field.default === undefined) return field.name;
      continue;
    }
    const inner = fieldAtFault(field.type, written.type);
    if (inner !== undefined) return `${field.name}.${inner}`;
    if (!canRead(field.type, written.type)) return field.name;
  }
  return undefined;
}

function canRead(reader: unknown, writer: unknown): boolean {
  try {
    typeOf(reader).createResolver(typeOf(writer));
    return true;
  } catch {
    return false;
  }
}

function typeOf(schema: unknown): avro.Type {
  return avro.Type.forSchema(schema as avro.Schema);
}

function isRecord(schema: unknown): schema is RecordSchema {
  return typeof schema === 'object' && schema !== null && 'fields' in schema && Array.isArray(schema.fields);
}
