import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { FastifyRequest } from 'fastify';
import Type from 'typebox';
import { TintypeError } from '../../errors/tintype-error.ts';
import type { Idempotency } from '../../jobs/idempotency-store.ts';

export const idempotencyKeyHeader = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({
      pattern: '^[\\x20-\\x7e]{1,255}$',
      description:
        '1 to 255 printable ASCII characters of your own. For 24 hours the same request under the same key answers ' +
        'with the job that it made; another request under it is refused',
    }),
  ),
});

export function keyOf({ headers }: Pick<FastifyRequest, 'headers'>): string | undefined {
  return headers['idempotency-key'] as string | undefined;
}

/**
 * What makes two requests the same: the file's bytes and the JSON as it was sent, in its canonical form (RFC 8785).
 * Key order and spaces don't matter; a default that is spelled out does, because what is left out may mean something
 * else after an update. Throws `invalid-request` for JSON that has no canonical form.
 * @param fileSha256 hex; absent where no file was sent
 */
export function idempotency(key: string, job: object, fileSha256 = ''): Idempotency {
  const hash = createHash('sha256').update(`${fileSha256}\n${canonical(job)}`);
  return { key, fingerprint: hash.digest('hex') };
}

function canonical(job: object): string {
  try {
    return canonicalize(job) ?? '';
  } catch (cause) {
    const message =
      'With an Idempotency-Key, JSON may hold no number beyond the range of a double and no half of a surrogate pair.';
    throw new TintypeError('invalid-request', message, { pointer: '', cause });
  }
}
