import Type from 'typebox';

/** The schema of what may be null. */
export function nullable<Schema extends Type.TSchema>(schema: Schema, options?: Type.TSchemaOptions) {
  return Type.Union([schema, Type.Null()], options);
}
