import type { IncomingMessage } from 'node:http';
import { DataStore, ERRORS, type Lock, type Locker, Upload } from '@tus/server';
import type { FastifyRequest } from 'fastify';
import { imageRefusals } from '../../errors/codes.ts';
import { TintypeError } from '../../errors/tintype-error.ts';
import type { KeptBytes } from '../../jobs/partial-files.ts';
import type { ArrivingUpload, WholeUpload } from '../../jobs/partial-upload-store.ts';
import { uploadKey } from '../../jobs/upload-store.ts';
import { logFault } from '../../telemetry/log-fault.ts';
import { cleanFilename } from '../filename.ts';
import type { HttpParts } from '../http-parts.ts';
import { arrivingBytes } from './arriving-bytes.ts';
import { receivePiece } from './receive-piece.ts';
import { pieceChecksum } from './upload-checksum.ts';
import { type HeldLock, locked, type UploadLocks } from './upload-locks.ts';

type Arriving = Pick<ArrivingUpload, 'bytes' | 'received' | 'pieces'>;

/** How long an upload is kept of which no byte comes. */
const expiresAfterMs = 86_400_000;

/**
 * What the official tus server asks for in the course of one request: the upload's row and lock, and its bytes. It reads
 * the request's body itself, so that no byte passes through more buffers than the connection's own.
 */
export class TusUpload extends DataStore implements Locker {
  override readonly extensions = [
    'creation',
    'creation-with-upload',
    'termination',
    'expiration',
    'checksum',
  ];
  readonly #request: FastifyRequest;
  readonly #parts: HttpParts;
  readonly #locks: UploadLocks;
  #lock: HeldLock | undefined;
  #arriving: Arriving | undefined;

  constructor(request: FastifyRequest, parts: HttpParts, locks: UploadLocks) {
    super();
    this.#request = request;
    this.#parts = parts;
    this.#locks = locks;
  }

  newLock(id: string): Lock {
    return {
      lock: async () => {
        // What is about to be made comes into being with its lock.
        if (this.#request.method === 'POST') return;
        // Whoever may not see an upload must not stop who writes to it.
        await this.#find(id);
        this.#lock = await this.#locks.take(id);
      },
      unlock: async () => {
        if (this.#lock !== undefined) await this.#locks.release(this.#lock);
        this.#lock = undefined;
      },
    };
  }

  override async create(upload: Upload): Promise<Upload> {
    const { id, size = 0, metadata } = upload;
    if (size === 0) throw new TintypeError('empty-upload', 'The file is empty.');
    const { owner } = this.#request;
    const filename = cleanFilename(metadata?.filename ?? '');
    const { leaseMs } = this.#locks;
    const token = crypto.randomUUID();
    await this.#parts.partialUploads.create({ id, owner, filename, bytes: size, token, leaseMs });
    this.#lock = this.#locks.hold(id, token);
    this.#arriving = { bytes: size, received: 0, pieces: [] };
    return upload;
  }

  /** Makes a whole upload of one of which all bytes came before the process died. */
  override async getUpload(id: string): Promise<Upload> {
    const found = await this.#find(id);
    const metadata = { filename: found.filename };
    if (found.state === 'whole') {
      const size = await this.#parts.objects.size(uploadKey(id));
      if (size === undefined) throw ERRORS.FILE_NOT_FOUND;
      return new Upload({ id, size, offset: size, metadata });
    }
    this.#arriving = found;
    if (found.received === found.bytes && this.#lock !== undefined) await this.#complete(this.#lock, found);
    const creation_date = new Date(found.touchedAt).toISOString();
    return new Upload({ id, size: found.bytes, offset: found.received, metadata, creation_date });
  }

  override async write(_stream: unknown, id: string): Promise<number> {
    if (this.#arriving === undefined || this.#lock === undefined) throw ERRORS.INVALID_OFFSET;
    try {
      const position = await this.#receive(this.#lock, this.#arriving);
      if (position === this.#arriving.bytes) await this.#complete(this.#lock, this.#arriving);
      return position;
    } catch (error) {
      if (error instanceof TintypeError && imageRefusals.has(error.code)) await this.#discard(id);
      throw error;
    }
  }

  override async remove(id: string): Promise<void> {
    await this.#find(id);
    if (!(await this.#parts.partialUploads.abandon(id))) {
      throw new TintypeError('upload-in-use', 'A job names this upload: it goes with its last job.');
    }
    await this.#deleteAbandoned(id);
  }

  override getExpiration(): number {
    return expiresAfterMs;
  }

  async #find(id: string): Promise<ArrivingUpload | WholeUpload> {
    const found = await this.#parts.partialUploads.find(id, this.#request.visibleOwner);
    if (found === undefined) throw ERRORS.FILE_NOT_FOUND;
    return found;
  }

  async #receive({ id, token, signal }: HeldLock, arriving: Arriving): Promise<number> {
    const { partialFiles, partialUploads, limits } = this.#parts;
    const file = await partialFiles.open(id, arriving.bytes, arriving);
    let counted: KeptBytes | undefined = arriving;
    try {
      return await receivePiece({
        chunks: arrivingBytes(this.#request.raw as IncomingMessage, signal),
        offset: arriving.received,
        bytes: arriving.bytes,
        file,
        checksum: pieceChecksum(this.#header('upload-checksum')),
        limits,
        checkLock: () => this.#locks.check(),
        keep: async kept => {
          const before = counted;
          // Until the job store has answered.
          counted = undefined;
          const isHeld = await partialUploads.advance(id, token, kept);
          counted = isHeld ? kept : before;
          if (!isHeld) throw lost();
          this.#arriving = { bytes: arriving.bytes, ...kept };
        },
      });
    } finally {
      await file.close(counted);
    }
  }

  /** The object before the row: what dies in between is completed by whoever asks next. */
  async #complete({ id, token }: HeldLock, whole: KeptBytes): Promise<void> {
    await this.#parts.partialFiles.complete(id, whole);
    if (!(await this.#parts.partialUploads.finish(id, token))) throw lost();
  }

  async #discard(id: string): Promise<void> {
    await this.#parts.partialUploads.abandon(id);
    await this.#deleteAbandoned(id);
  }

  /** What can't be deleted now is the sweeper's. */
  async #deleteAbandoned(id: string): Promise<void> {
    try {
      await this.#parts.partialFiles.delete([id]);
      await this.#parts.partialUploads.forget([id]);
      await this.#parts.uploads.forget([id]);
    } catch (error) {
      logFault(this.#parts.logger, 'warn', error, 'an upload could not be deleted yet', { upload: id });
    }
  }

  #header(name: string): string | undefined {
    const value = this.#request.headers[name];
    return Array.isArray(value) ? value[0] : value;
  }
}

function lost(): TintypeError {
  return locked('The lock on this upload was lost.');
}
