import avro from 'avsc';
import { TintypeError } from '../errors/tintype-error.ts';
import type { SchemaRegistry } from './schema-registry.ts';
import { frame } from './wire-format.ts';

/** Writes values of one topic. Their schema is registered when the first one is written. */
export class RecordWriter<T> {
  readonly #registry: Pick<SchemaRegistry, 'register'>;
  readonly #subject: string;
  readonly #schema: object;
  readonly #type: avro.Type;
  #registering: Promise<number> | undefined;

  constructor(registry: Pick<SchemaRegistry, 'register'>, topic: string, schema: object) {
    this.#registry = registry;
    this.#subject = `${topic}-value`;
    this.#schema = schema;
    this.#type = avro.Type.forSchema(schema as avro.Schema);
  }

  /**
   * Throws `invalid-record` with the field when the record does not fit the schema, `incompatible-schema` with subject
   * and field when the registry refuses the schema, `registry-unavailable` when it does not answer.
   */
  async write(record: T): Promise<Buffer> {
    this.check(record);
    return frame({ schemaId: await this.#schemaId(), body: this.#type.toBuffer(record) });
  }

  /** Throws `invalid-record` with the field when the record does not fit the schema. */
  check(record: T): void {
    const faults: string[] = [];
    this.#type.isValid(record, {
      noUndeclaredFields: true,
      errorHook: (path, value, type) => {
        const place = path.length === 0 ? 'the record' : `field '${path.join('.')}'`;
        faults.push(`${place} is ${shown(value)}, not ${shown(type.schema())}`);
      },
    });
    if (faults.length > 0)
      throw new TintypeError('invalid-record', `It does not fit the schema: ${faults.join('; ')}.`);
  }

  async #schemaId(): Promise<number> {
    this.#registering ??= this.#registry.register(this.#subject, this.#schema);
    try {
      return await this.#registering;
    } catch (error) {
      this.#registering = undefined;
      throw error;
    }
  }
}

const longestShown = 200;

function shown(value: unknown): string {
  return (JSON.stringify(value) ?? 'missing').slice(0, longestShown);
}
