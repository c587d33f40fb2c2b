import type { KeptBytes, PartialFile } from '../jobs/partial-files.ts';
import { partBytes } from './parts.ts';
import type { Spool } from './spool.ts';
import { newPiece, pieceKey, type UploadPieces } from './upload-pieces.ts';

/**
 * An upload that is written to: its bytes gather in a spool and go out when they are a piece, and at the end. The last
 * piece, if it is too small to stay, comes back into the spool first and is sent again with what follows it.
 */
export class S3PartialFile implements PartialFile {
  readonly #upload: string;
  readonly #pieces: UploadPieces;
  readonly #spool: Spool;
  /** Names of those that are large enough to stay. */
  readonly #whole: string[];
  /** What the store has of the spool. */
  #tail: { readonly piece: string; readonly bytes: number } | undefined;
  #filled: number;
  /** Names of all that may be there: what was kept, and what was sent since. */
  readonly #known: Set<string>;

  /** @param spool holds the last piece if it is a small one */
  constructor(upload: string, pieces: UploadPieces, spool: Spool, kept: KeptBytes) {
    this.#upload = upload;
    this.#pieces = pieces;
    this.#spool = spool;
    this.#filled = kept.received % partBytes;
    this.#whole = kept.pieces.slice(0, Math.floor(kept.received / partBytes));
    const [last] = kept.pieces.slice(this.#whole.length);
    this.#tail = last === undefined ? undefined : { piece: last, bytes: this.#filled };
    this.#known = new Set(kept.pieces);
  }

  async append(chunk: Buffer): Promise<KeptBytes | undefined> {
    const before = this.#whole.length;
    for (let at = 0; at < chunk.length; ) {
      const taken = chunk.subarray(at, at + partBytes - this.#filled);
      await this.#spool.write(taken, this.#filled);
      this.#filled += taken.length;
      at += taken.length;
      if (this.#filled < partBytes) continue;
      this.#whole.push(await this.#send());
      this.#tail = undefined;
      this.#filled = 0;
    }
    return this.#whole.length > before ? this.#kept() : undefined;
  }

  async head(bytes: number): Promise<Buffer> {
    const [first] = this.#whole;
    if (first !== undefined) return this.#pieces.head(pieceKey(this.#upload, first), bytes);
    const head = Buffer.allocUnsafeSlow(Math.min(bytes, this.#filled));
    await this.#spool.read(head);
    return head;
  }

  async sync(): Promise<KeptBytes> {
    if (this.#filled > (this.#tail?.bytes ?? 0)) {
      this.#tail = { piece: await this.#send(), bytes: this.#filled };
    }
    return this.#kept();
  }

  async close(counted: KeptBytes | undefined): Promise<void> {
    await this.#spool.close();
    if (counted === undefined) return;
    const dropped = [...this.#known].filter(piece => !counted.pieces.includes(piece));
    if (dropped.length === 0) return;
    // What can't be deleted now goes with the upload, at its end or its expiry.
    await this.#pieces.delete(dropped.map(piece => pieceKey(this.#upload, piece))).catch(() => {});
  }

  async #send(): Promise<string> {
    const piece = newPiece(this.#whole.length);
    this.#known.add(piece);
    await this.#pieces.send(pieceKey(this.#upload, piece), this.#spool, this.#filled);
    return piece;
  }

  #kept(): KeptBytes {
    return {
      received: this.#whole.length * partBytes + (this.#tail?.bytes ?? 0),
      pieces: [...this.#whole, ...(this.#tail ? [this.#tail.piece] : [])],
    };
  }
}
