import { createHash, type Hash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import { v7 as uuidv7 } from 'uuid';
import { TintypeError } from '../../errors/tintype-error.ts';
import { headerBytes, readHeader, readHeaderSoFar } from '../../images/image-header.ts';
import { checkSource, type ImageLimits } from '../../images/limits.ts';
import { uploadKey } from '../../jobs/upload-store.ts';
import { logFault } from '../../telemetry/log-fault.ts';
import { cleanFilename } from '../filename.ts';
import type { HttpParts } from '../http-parts.ts';
import { arrivingBytes } from './arriving-bytes.ts';
import { MultipartReader } from './multipart.ts';

/** What a multipart body may have beside the file: boundaries, headers, the part `job`. */
export const multipartOverheadBytes = 65_536;
const maxJobBytes = 1_048_576;

/** A multipart request whose file is in the object store. */
export interface ReceivedForm {
  readonly upload: { readonly id: string; readonly filename: string };
  /** The part `job`, as it was sent. */
  readonly job?: string;
  /** Of the file, hex; only where it was asked for. */
  readonly sha256?: string;
}

/**
 * Streams the part `image` into the object store and keeps the part `job`, in whichever order they come.
 * Throws what is wrong with the request or the image; then nothing of it is left in the stores.
 * @param withHash whether the file's SHA-256 is wanted
 */
export async function receiveForm(
  request: FastifyRequest,
  parts: HttpParts,
  withHash: boolean,
): Promise<ReceivedForm> {
  const maxBytes = parts.maxUploadBytes + multipartOverheadBytes;
  if (Number(request.headers['content-length']) > maxBytes) throw tooLarge(parts.maxUploadBytes);
  const { raw, headers } = request;
  const contentType = headers['content-type'] ?? '';
  const reader = new MultipartReader(arrivingBytes(raw), contentType, maxBytes);
  let upload: ReceivedForm['upload'] | undefined;
  let job: string | undefined;
  const hash = withHash ? createHash('sha256') : undefined;
  try {
    for (let part = await reader.nextPart(); part !== undefined; part = await reader.nextPart()) {
      if (part.name === 'image' && upload === undefined) {
        const filename = cleanFilename(part.filename ?? '');
        upload = await storeUpload(reader, { filename, owner: request.owner, hash }, parts);
      } else if (part.name === 'job' && job === undefined) {
        job = await readText(reader);
      } else {
        throw unexpectedPart(part.name);
      }
    }
    if (upload === undefined) {
      throw new TintypeError(
        'invalid-request',
        '/image is missing: send the image as the file part "image".',
        {
          pointer: '/image',
        },
      );
    }
    return { upload, ...(job !== undefined && { job }), ...(hash && { sha256: hash.digest('hex') }) };
  } catch (error) {
    if (upload !== undefined) await discardUpload(upload.id, parts);
    throw error;
  } finally {
    await reader.close();
  }
}

/** Takes an upload back that no job names. What can't be removed now is the sweeper's. */
export async function discardUpload(id: string, { objects, uploads, logger }: HttpParts): Promise<void> {
  try {
    await objects.delete([uploadKey(id)]);
    await uploads.forget([id]);
  } catch (error) {
    logFault(logger, 'warn', error, 'a refused upload could not be removed yet', { upload: id });
  }
}

interface Incoming {
  readonly filename: string;
  readonly owner: string;
  readonly hash: Hash | undefined;
}

async function storeUpload(
  reader: MultipartReader,
  { filename, owner, hash }: Incoming,
  parts: HttpParts,
): Promise<ReceivedForm['upload']> {
  const content = reader.content(parts.maxUploadBytes);
  // Most refusals come from here, before there is a row or a file to take back.
  const head = await checkedHead(content, parts.limits);
  const id = uuidv7();
  await parts.uploads.create({ id, owner, filename });
  try {
    const body = Readable.from(rejoined(head, content, hash), { objectMode: false, highWaterMark: 0 });
    await parts.objects.put(uploadKey(id), body);
  } catch (error) {
    await discardUpload(id, parts);
    throw error;
  }
  return { id, filename };
}

/**
 * The first chunks, up to where the image's header could be read and is within the limits, or `headerBytes`.
 * It looks early and drops what it holds early: a thousand slow uploads at once must not hold 256 KiB each.
 */
async function checkedHead(content: AsyncIterator<Buffer>, limits: ImageLimits): Promise<Buffer[]> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  let lookAt = 4096;
  for (;;) {
    const { done, value } = await content.next();
    if (!done) {
      chunks.push(value);
      bytes += value.length;
    }
    const isAll = done === true || bytes >= headerBytes;
    if (isAll || bytes >= lookAt) {
      const start = chunks.length === 1 && value ? value : Buffer.concat(chunks);
      const header = isAll ? readHeader(start) : readHeaderSoFar(start);
      if (header) checkSource(header, limits);
      if (header || isAll) return chunks;
      lookAt = Math.min(headerBytes, bytes * 4);
    }
    // Asking for the next one gives this one's memory back.
    const last = chunks.pop();
    if (last) chunks.push(Buffer.from(last));
  }
}

/** Takes the head apart, so that it is not held for as long as the rest takes. */
async function* rejoined(head: Buffer[], rest: AsyncIterable<Buffer>, hash: Hash | undefined) {
  const hashed = (chunk: Buffer) => {
    hash?.update(chunk);
    return chunk;
  };
  for (let chunk = head.shift(); chunk !== undefined; chunk = head.shift()) yield hashed(chunk);
  for await (const chunk of rest) yield hashed(chunk);
}

async function readText(reader: MultipartReader): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of reader.content()) {
    bytes += chunk.length;
    if (bytes > maxJobBytes) {
      throw new TintypeError('invalid-request', `The part "job" is larger than ${maxJobBytes} bytes.`, {
        pointer: '/job',
      });
    }
    chunks.push(Buffer.from(chunk));
  }
  return Buffer.concat(chunks).toString();
}

function unexpectedPart(name: string): TintypeError {
  const expected = name === 'image' || name === 'job';
  const message = expected
    ? `There is more than one part "${name}". Send one image a job.`
    : `The part "${name.slice(0, 64)}" is not known. Accepted: a file "image" and, optionally, "job".`;
  return new TintypeError('invalid-request', message, { pointer: expected ? `/${name}` : '' });
}

function tooLarge(maxBytes: number): TintypeError {
  return new TintypeError('upload-too-large', `The file is larger than ${maxBytes} bytes.`);
}
