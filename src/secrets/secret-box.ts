import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { TintypeError } from '../errors/tintype-error.ts';

/** Of what `seal` writes: this byte, four bytes that tell keys apart, the nonce, the text, the tag. */
const version = 1;
const keyIdAt = 1;
const nonceAt = 5;
const textAt = 17;
const tagBytes = 16;

/** Keeps secrets that have to be read again: AES-256-GCM with a random nonce each. */
export class SecretBox {
  readonly #key: Buffer;
  readonly #keyId: Buffer;

  /** @param key 32 bytes, in hexadecimal digits. */
  constructor(key: string) {
    this.#key = Buffer.from(key, 'hex');
    this.#keyId = createHash('sha256')
      .update(this.#key)
      .digest()
      .subarray(0, nonceAt - keyIdAt);
  }

  /** The text, encrypted, in base64. */
  seal(text: string): string {
    const nonce = randomBytes(textAt - nonceAt);
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce, { authTagLength: tagBytes });
    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return Buffer.concat([Buffer.from([version]), this.#keyId, nonce, sealed, cipher.getAuthTag()]).toString(
      'base64',
    );
  }

  /** What was sealed. Throws `invalid-configuration` when that was under another key, or it is damaged. */
  open(sealed: string): string {
    const bytes = Buffer.from(sealed, 'base64');
    if (bytes[0] !== version || !bytes.subarray(keyIdAt, nonceAt).equals(this.#keyId)) {
      throw unreadable('it was stored under another SECRETS_KEY');
    }
    const nonce = bytes.subarray(nonceAt, textAt);
    const decipher = createDecipheriv('aes-256-gcm', this.#key, nonce, { authTagLength: tagBytes });
    decipher.setAuthTag(bytes.subarray(-tagBytes));
    const text = decipher.update(bytes.subarray(textAt, -tagBytes));
    try {
      return Buffer.concat([text, decipher.final()]).toString('utf8');
    } catch (cause) {
      throw unreadable('it is damaged', cause);
    }
  }
}

function unreadable(why: string, cause?: unknown): TintypeError {
  return new TintypeError('invalid-configuration', `A stored secret can’t be read: ${why}.`, { cause });
}
