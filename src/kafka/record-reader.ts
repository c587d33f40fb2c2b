import avro from 'avsc';
import { TintypeError } from '../errors/tintype-error.ts';
import { fieldAtFault } from './schema-difference.ts';
import type { SchemaRegistry } from './schema-registry.ts';
import { unframe } from './wire-format.ts';

type Resolver = ReturnType<avro.Type['createResolver']>;

/**
 * Reads values into one record type, whatever version of its schema each was written with: fields that this one does not
 * know are left out, and those that the writer did not know get their default.
 */
export class RecordReader<T> {
  readonly #registry: Pick<SchemaRegistry, 'schema'>;
  readonly #schema: object;
  readonly #type: avro.Type;
  /** By the writer's schema id: how to read it, or why that can't be. */
  readonly #resolvers = new Map<number, Resolver | TintypeError>();

  constructor(registry: Pick<SchemaRegistry, 'schema'>, schema: object) {
    this.#registry = registry;
    this.#schema = schema;
    this.#type = avro.Type.forSchema(schema as avro.Schema, { omitRecordMethods: true });
  }

  /** Throws `invalid-record` with the reason when the value can't be read, `registry-unavailable` when nobody knows yet. */
  async read(value: Buffer | null): Promise<T> {
    const { schemaId, body } = unframe(value);
    const resolver = this.#resolvers.get(schemaId) ?? (await this.#resolve(schemaId));
    if (resolver instanceof TintypeError) throw resolver;
    try {
      return this.#type.fromBuffer(body, resolver) as T;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new TintypeError('invalid-record', `It does not fit its schema ${schemaId}: ${reason}.`);
    }
  }

  async #resolve(schemaId: number): Promise<Resolver | TintypeError> {
    const text = await this.#registry.schema(schemaId);
    const resolver = this.#resolverOf(schemaId, text);
    this.#resolvers.set(schemaId, resolver);
    return resolver;
  }

  #resolverOf(schemaId: number, text: string): Resolver | TintypeError {
    let written: unknown;
    try {
      written = JSON.parse(text);
      return this.#type.createResolver(avro.Type.forSchema(written as avro.Schema));
    } catch (error) {
      const field = fieldAtFault(this.#schema, written);
      const reason = error instanceof Error ? error.message : String(error);
      const at = field === undefined ? '' : `field '${field}': `;
      return new TintypeError(
        'invalid-record',
        `Its schema ${schemaId} does not go with ours: ${at}${reason}.`,
      );
    }
  }
}
