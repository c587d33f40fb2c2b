import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { TintypeError } from '../errors/tintype-error.ts';
import type { ObjectStore } from '../jobs/object-store.ts';
import { retryDelayMs } from '../jobs/retry-policy.ts';

/** What is known of an object beforehand; `sha256` in hex. */
export interface KnownObject {
  readonly key: string;
  readonly bytes?: number;
  readonly sha256?: string;
}

/** Enough to hide how long a store takes to answer. */
export const objectsAtOnce = 8;
/** One broken connection in a million objects must not be the end of them all. */
const mostTries = 5;

/**
 * Copies one object, again where a store was away for a moment. Throws `not-found` where it is not, and
 * `checksum-mismatch`, with nothing written, where it is not what it should be.
 */
export async function copyObject(
  from: ObjectStore,
  to: ObjectStore,
  known: KnownObject,
  signal: AbortSignal,
): Promise<Required<KnownObject>> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await copyOnce(from, to, known, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (TintypeError.from(error).code !== 'storage-unavailable' || tries === mostTries) throw error;
      await setTimeout(retryDelayMs(tries), undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }
}

/** Whether the object is there with these bytes. */
export async function hasBytes(
  store: ObjectStore,
  { key, sha256 }: Required<KnownObject>,
  signal: AbortSignal,
): Promise<boolean> {
  const hash = createHash('sha256');
  for await (const chunk of (await store.read(key)) as AsyncIterable<Buffer>) {
    signal.throwIfAborted();
    hash.update(chunk);
  }
  return hash.digest('hex') === sha256;
}

async function copyOnce(
  from: ObjectStore,
  to: ObjectStore,
  known: KnownObject,
  signal: AbortSignal,
): Promise<Required<KnownObject>> {
  const { key } = known;
  const found = { bytes: 0, sha256: '' };
  async function* checked() {
    const hash = createHash('sha256');
    for await (const chunk of (await from.read(key)) as AsyncIterable<Buffer>) {
      signal.throwIfAborted();
      hash.update(chunk);
      found.bytes += chunk.length;
      yield chunk;
    }
    found.sha256 = hash.digest('hex');
    const isRight =
      found.bytes === (known.bytes ?? found.bytes) && found.sha256 === (known.sha256 ?? found.sha256);
    if (!isRight) throw new TintypeError('checksum-mismatch', `The object ${key} is damaged.`);
  }
  await to.put(key, Readable.from(checked(), { objectMode: false }));
  return { key, ...found };
}
