/** The least that S3 takes for a part that is not the last; with the part on its way it is what an upload holds. */
export const partBytes = 5 * 2 ** 20;

const firstBytes = 65_536;

/**
 * Cuts a stream into parts of `partBytes`; the last one is smaller, and empty where nothing is left for it. A part's
 * memory is used again when the part after the next is asked for.
 */
export async function* partsOf(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let part = Buffer.allocUnsafeSlow(firstBytes);
  let spare: Buffer<ArrayBuffer> | undefined;
  let filled = 0;
  for await (const chunk of body) {
    for (let taken = 0; taken < chunk.length; ) {
      if (filled === part.length) part = larger(part);
      const copied = chunk.copy(part, filled, taken);
      filled += copied;
      taken += copied;
      if (filled < partBytes) continue;
      yield part;
      [part, spare] = [spare ?? Buffer.allocUnsafeSlow(partBytes), part];
      filled = 0;
    }
  }
  yield part.subarray(0, filled);
}

/** Most objects are far smaller than a part, and many are on their way at once. */
function larger(part: Buffer): Buffer<ArrayBuffer> {
  const next = Buffer.allocUnsafeSlow(Math.min(partBytes, part.length * 4));
  part.copy(next);
  return next;
}
