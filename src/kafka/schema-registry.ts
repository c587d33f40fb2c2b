import { TintypeError } from '../errors/tintype-error.ts';
import { fieldAtFault } from './schema-difference.ts';

export interface RegistrySettings {
  /** Without a slash at its end; the API of Confluent's registry is below it. */
  readonly url: string;
  /** Sent as basic authentication. */
  readonly login?: { readonly username: string; readonly password: string };
}

/** For one question to the registry, in milliseconds. */
const answerMs = 10_000;
/** An id that the registry does not know is asked for again after so long, in milliseconds. */
const unknownMs = 60_000;
/** Ids that are remembered as unknown, at most: garbage has a new one each time. */
const mostUnknown = 10_000;
/** The registry's own codes beside the HTTP status: a 404 without one comes from somebody else on the way. */
const schemaNotFound = 40_403;
const incompatible = 409;
const invalidSchema = 42_201;

interface Answer {
  readonly status: number;
  readonly body: {
    readonly id?: unknown;
    readonly schema?: unknown;
    readonly schemaType?: unknown;
    readonly message?: unknown;
    readonly error_code?: unknown;
  };
}

/** A client of a schema registry with Confluent's API. Schemas never change, so each one is asked for once. */
export class SchemaRegistry {
  readonly #url: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #schemas = new Map<number, string>();
  /** Why each is refused, and since when that is known; oldest first. */
  readonly #unknown = new Map<number, { readonly askedAt: number; readonly reason: string }>();
  readonly #asking = new Map<number, Promise<string>>();

  constructor({ url, login }: RegistrySettings) {
    this.#url = url;
    const basic = login && Buffer.from(`${login.username}:${login.password}`).toString('base64');
    this.#headers = {
      accept: 'application/vnd.schemaregistry.v1+json, application/json',
      'content-type': 'application/vnd.schemaregistry.v1+json',
      ...(basic !== undefined && { authorization: `Basic ${basic}` }),
    };
  }

  /**
   * The text of an Avro schema. Throws `invalid-record` for an id that the registry does not know, or knows as something
   * else than Avro, and `registry-unavailable` when it does not say.
   */
  async schema(id: number): Promise<string> {
    const known = this.#schemas.get(id);
    if (known !== undefined) return known;
    const refusal = this.#refused(id);
    if (refusal !== undefined) throw refusal;
    const asked = this.#asking.get(id) ?? this.#ask(id).finally(() => this.#asking.delete(id));
    this.#asking.set(id, asked);
    return asked;
  }

  /**
   * The id of this schema under the subject, where it is registered if it was not. Throws `incompatible-schema` with the
   * subject and the field when the registry refuses it beside the one that is there, `registry-unavailable` when it does
   * not answer.
   */
  async register(subject: string, schema: object): Promise<number> {
    const body = JSON.stringify({ schemaType: 'AVRO', schema: JSON.stringify(schema) });
    const answer = await this.#send('POST', `/subjects/${encodeURIComponent(subject)}/versions`, body);
    if (answer.status === 200 && typeof answer.body.id === 'number') return answer.body.id;
    if (answer.status === incompatible) throw await this.#refusal(subject, schema, answer);
    if (answer.body.error_code === invalidSchema) {
      const message = `The schema registry does not take the schema of ${subject}: ${answer.body.message}`;
      throw new TintypeError('incompatible-schema', message);
    }
    throw unavailable(`registering ${subject}`, answer);
  }

  async #ask(id: number): Promise<string> {
    const answer = await this.#send('GET', `/schemas/ids/${id}`);
    const { schema, schemaType = 'AVRO' } = answer.body;
    if (answer.status === 404 && answer.body.error_code === schemaNotFound) {
      throw this.#refuse(id, `The schema registry knows no schema ${id}.`);
    }
    if (answer.status !== 200 || typeof schema !== 'string') throw unavailable(`schema ${id}`, answer);
    if (schemaType !== 'AVRO') {
      throw this.#refuse(id, `Its schema ${id} is ${schemaType}, not Avro.`);
    }
    this.#schemas.set(id, schema);
    return schema;
  }

  /** The registries' own texts differ, and Apicurio's names no subject's field for a change of type. */
  async #refusal(subject: string, schema: object, answer: Answer): Promise<TintypeError> {
    const versions = `/subjects/${encodeURIComponent(subject)}/versions`;
    const { body } = await this.#send('GET', `${versions}/latest`);
    const registered: unknown = typeof body.schema === 'string' ? JSON.parse(body.schema) : undefined;
    // The second way around is what a registry set to FORWARD or FULL looks at.
    const field = fieldAtFault(schema, registered) ?? fieldAtFault(registered, schema);
    const at = field === undefined ? '' : `, field '${field}'`;
    const message = `The schema of subject ${subject} is incompatible with the registered one${at}; docs/kafka.md says how a schema may change`;
    return new TintypeError('incompatible-schema', message, {
      cause: new Error(String(answer.body.message)),
    });
  }

  async #send(method: string, path: string, body?: string): Promise<Answer> {
    let response: Response;
    try {
      const signal = AbortSignal.timeout(answerMs);
      response = await fetch(`${this.#url}${path}`, {
        method,
        headers: this.#headers,
        signal,
        ...(body !== undefined && { body }),
      });
      const text = await response.text();
      return { status: response.status, body: jsonObject(text) };
    } catch (error) {
      // `fetch` hides what happened in its cause.
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
      throw new TintypeError('registry-unavailable', 'The schema registry does not answer.', { cause });
    }
  }

  #refused(id: number): TintypeError | undefined {
    const known = this.#unknown.get(id);
    if (known === undefined || performance.now() - known.askedAt >= unknownMs) return undefined;
    return new TintypeError('invalid-record', known.reason);
  }

  /** Remembers why, so that it is not asked for again at once. */
  #refuse(id: number, reason: string): TintypeError {
    this.#unknown.delete(id);
    this.#unknown.set(id, { askedAt: performance.now(), reason });
    const [oldest] = this.#unknown.keys();
    if (this.#unknown.size > mostUnknown && oldest !== undefined) this.#unknown.delete(oldest);
    return new TintypeError('invalid-record', reason);
  }
}

function unavailable(what: string, { status, body }: Answer): TintypeError {
  const said = typeof body.message === 'string' ? `: ${body.message}` : '';
  return new TintypeError('registry-unavailable', `The schema registry answers ${status} to ${what}${said}.`);
}

function jsonObject(text: string): Answer['body'] {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    // Somebody on the way answers with a page.
    return {};
  }
}
