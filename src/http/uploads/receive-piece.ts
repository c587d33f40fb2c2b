import { TintypeError } from '../../errors/tintype-error.ts';
import { headerBytes, readHeader, readHeaderSoFar } from '../../images/image-header.ts';
import { checkSource, type ImageLimits } from '../../images/limits.ts';
import type { PartialFile } from '../../jobs/partial-files.ts';
import { freeMemory } from './free-memory.ts';
import type { PieceChecksum } from './upload-checksum.ts';

/** What may be lost of a long piece when the process dies: so many bytes, or what came in so many milliseconds. */
const keepEveryBytes = 8 * 1_048_576;
const keepEveryMs = 5_000;

export interface Piece {
  readonly chunks: AsyncIterable<Buffer>;
  /** Where it begins; up to here the upload is durable. */
  readonly offset: number;
  /** Of the whole upload. */
  readonly bytes: number;
  readonly file: PartialFile;
  readonly checksum: PieceChecksum | undefined;
  readonly limits: ImageLimits;
  /** The upload's first bytes, of those that were written. */
  readonly head: (bytes: number) => Promise<Buffer>;
  /** The bytes before this one are on disk: from now on they count. */
  readonly keep: (received: number) => Promise<void>;
}

/**
 * Writes one piece of an upload as it arrives; resolves to where it ends, and then it counts. If it breaks off, what
 * came counts. With a checksum nothing counts before all of it is verified.
 * Throws what the chunks throw, `upload-too-large`, `checksum-mismatch`, and what is wrong with the image.
 */
export async function receivePiece(piece: Piece): Promise<number> {
  const { chunks, offset, bytes, file, checksum } = piece;
  const inspect = inspector(piece);
  let position = offset;
  let kept = { position, at: performance.now() };
  const keep = async () => {
    if (position === kept.position) return;
    await file.sync();
    await piece.keep(position);
    kept = { position, at: performance.now() };
  };
  try {
    for await (const chunk of chunks) {
      if (position + chunk.length > bytes) throw tooLong(bytes);
      checksum?.update(chunk);
      await file.write(chunk, position);
      position += chunk.length;
      if (checksum !== undefined) continue;
      await inspect(position, false);
      const isLong = position - kept.position >= keepEveryBytes || performance.now() - kept.at >= keepEveryMs;
      if (isLong) await keep();
    }
  } catch (error) {
    if (checksum === undefined) await keep();
    throw error;
  }
  checksum?.verify();
  await inspect(position, true);
  await keep();
  return position;
}

/** Looks at the image's header as soon as it can be read, and again as seldom as that allows. */
function inspector({ offset, bytes, head, limits }: Piece) {
  // Whoever wrote so much before has looked at all that is ever looked at.
  let lookAt = offset >= headerBytes ? Number.POSITIVE_INFINITY : 4096;
  return async (position: number, isLast: boolean): Promise<void> => {
    const isAll = position >= headerBytes || position === bytes;
    if (lookAt === Number.POSITIVE_INFINITY || (position < lookAt && !isLast && !isAll)) return;
    const first = await head(Math.min(position, headerBytes));
    try {
      const header = isAll ? readHeader(first) : readHeaderSoFar(first);
      if (header) checkSource(header, limits);
      lookAt = header || isAll ? Number.POSITIVE_INFINITY : Math.min(headerBytes, position * 4);
    } finally {
      freeMemory(first);
    }
  };
}

function tooLong(bytes: number): TintypeError {
  return new TintypeError(
    'upload-too-large',
    `The upload was announced with ${bytes} bytes; there are more.`,
  );
}
