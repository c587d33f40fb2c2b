import { hash, randomBytes, timingSafeEqual } from 'node:crypto';

/** A key that was just made. Its text is the only place where its secret ever stands. */
export interface FreshKey {
  readonly id: string;
  /** What the caller sends: `tt_<id>_<secret>`. */
  readonly text: string;
  /** SHA-256, hex. */
  readonly secretHash: string;
}

const idBytes = 8;
/** So many that nobody guesses: a slow hash, which is there for secrets that people think up, would add nothing. */
const secretBytes = 32;
const pattern = /^tt_([0-9a-f]{16})_([\w-]{43})$/;

export function freshKey(): FreshKey {
  const id = randomBytes(idBytes).toString('hex');
  const secret = randomBytes(secretBytes).toString('base64url');
  return { id, text: `tt_${id}_${secret}`, secretHash: hash('sha256', secret) };
}

/** The parts of a key's text, or undefined if it is not written like one. */
export function keyParts(text: string): { id: string; secret: string } | undefined {
  const [, id, secret] = pattern.exec(text) ?? [];
  return id === undefined || secret === undefined ? undefined : { id, secret };
}

/** No secret has this hash, or nobody could find it. */
const nobodysHash = '0'.repeat(64);

/** Whether the secret has that hash. It takes as long for a wrong secret, and for a key that is not there. */
export function isSecretOf(secret: string, secretHash: string | undefined): boolean {
  const given = Buffer.from(hash('sha256', secret), 'hex');
  return timingSafeEqual(given, Buffer.from(secretHash ?? nobodysHash, 'hex'));
}
