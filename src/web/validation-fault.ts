import type { FastifySchemaValidationError } from 'fastify';
import { TintypeError } from '../errors/tintype-error.ts';

/** What Ajv adds to an error when it is told to be verbose. */
interface VerboseError extends FastifySchemaValidationError {
  readonly parentSchema?: {
    readonly description?: string;
    readonly properties?: Readonly<Record<string, unknown>>;
  };
}

/**
 * The first fault of a request that does not fit its schema, as `invalid-request` with the pointer of the field and
 * what is accepted there. `prefix` is the pointer of the value that was checked, empty for the body itself.
 */
export function validationFault(errors: readonly FastifySchemaValidationError[], prefix = ''): TintypeError {
  const error = mostTelling(errors);
  const pointer = prefix + pointerOf(error);
  const field = pointer === '' ? 'The request' : pointer;
  return new TintypeError('invalid-request', `${field} ${complaint(error)}`, { pointer });
}

/** A union reports every branch, then itself: a fault deeper inside says more, otherwise the union does. */
function mostTelling(errors: readonly FastifySchemaValidationError[]): VerboseError {
  const last = errors.at(-1) as VerboseError;
  const depth = (error: FastifySchemaValidationError) => error.instancePath.split('/').length;
  return errors.find(error => depth(error) > depth(last)) ?? last;
}

function pointerOf({ keyword, instancePath, params }: VerboseError): string {
  if (keyword === 'additionalProperties') return `${instancePath}/${token(params.additionalProperty)}`;
  if (keyword === 'required') return `${instancePath}/${token(params.missingProperty)}`;
  return instancePath;
}

/** RFC 6901, section 3. */
function token(name: unknown): string {
  return String(name).replaceAll('~', '~0').replaceAll('/', '~1');
}

function complaint({ keyword, params, message = 'is not valid', parentSchema }: VerboseError): string {
  const hint = parentSchema?.description === undefined ? '' : ` (${parentSchema.description})`;
  switch (keyword) {
    case 'additionalProperties':
      return `is not known here. Accepted: ${Object.keys(parentSchema?.properties ?? {}).join(', ')}.`;
    case 'required':
      return 'is missing.';
    case 'enum':
      return `must be one of ${(params.allowedValues as unknown[]).join(', ')}.`;
    case 'const':
      return `must be ${JSON.stringify(params.allowedValue)}.`;
    case 'minProperties':
    case 'maxProperties':
    case 'anyOf':
      return parentSchema?.description === undefined
        ? `${message}.`
        : `does not fit: ${parentSchema.description}`;
    case 'pattern':
    case 'format':
      return `is not written as it must be${hint === '' ? `: it ${message}` : hint}.`;
    default:
      return `${message}${hint}.`;
  }
}
