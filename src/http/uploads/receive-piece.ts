import { TintypeError } from '../../errors/tintype-error.ts';
import { headerBytes, readHeader, readHeaderSoFar } from '../../images/image-header.ts';
import { checkSource, type ImageLimits } from '../../images/limits.ts';
import type { KeptBytes, PartialFile } from '../../jobs/partial-files.ts';
import { freeMemory } from './free-memory.ts';
import type { PieceChecksum } from './upload-checksum.ts';

export interface Piece {
  readonly chunks: AsyncIterable<Buffer>;
  /** Where it begins; up to here the upload is durable. */
  readonly offset: number;
  /** Of the whole upload. */
  readonly bytes: number;
  readonly file: PartialFile;
  readonly checksum: PieceChecksum | undefined;
  readonly limits: ImageLimits;
  /** Throws where somebody else may write to the upload by now. */
  readonly checkLock: () => void;
  /** These bytes are durable: from now on they count. */
  readonly keep: (kept: KeptBytes) => Promise<void>;
}

/**
 * Writes one piece of an upload as it arrives; resolves to where it ends, and then it counts. If it breaks off, what
 * came before counts. With a checksum nothing counts before all of it is verified.
 * Throws what the chunks throw, `upload-too-large`, `checksum-mismatch`, and what is wrong with the image.
 */
export async function receivePiece(piece: Piece): Promise<number> {
  const { chunks, offset, bytes, file, checksum } = piece;
  const inspect = inspector(piece);
  let position = offset;
  let isArriving = true;
  try {
    for await (const chunk of chunks) {
      isArriving = false;
      if (position + chunk.length > bytes) throw tooLong(bytes);
      piece.checkLock();
      checksum?.update(chunk);
      const kept = await file.append(chunk);
      position += chunk.length;
      if (checksum === undefined) {
        await inspect(position, false);
        if (kept) await piece.keep(kept);
      }
      isArriving = true;
    }
  } catch (error) {
    const counts = isArriving && checksum === undefined && position > offset;
    if (counts) await piece.keep(await file.sync());
    throw error;
  }
  checksum?.verify();
  if (position === offset) return position;
  await inspect(position, true);
  await piece.keep(await file.sync());
  return position;
}

/** Looks at the image's header as soon as it can be read, and again as seldom as that allows. */
function inspector({ offset, bytes, file, limits }: Piece) {
  // Whoever wrote so much before has looked at all that is ever looked at.
  let lookAt = offset >= headerBytes ? Number.POSITIVE_INFINITY : 4096;
  return async (position: number, isLast: boolean): Promise<void> => {
    const isAll = position >= headerBytes || position === bytes;
    if (lookAt === Number.POSITIVE_INFINITY || (position < lookAt && !isLast && !isAll)) return;
    const head = await file.head(Math.min(position, headerBytes));
    try {
      const header = isAll ? readHeader(head) : readHeaderSoFar(head);
      if (header) checkSource(header, limits);
      lookAt = header || isAll ? Number.POSITIVE_INFINITY : Math.min(headerBytes, position * 4);
    } finally {
      freeMemory(head);
    }
  };
}

function tooLong(bytes: number): TintypeError {
  return new TintypeError(
    'upload-too-large',
    `The upload was announced with ${bytes} bytes; there are more.`,
  );
}
