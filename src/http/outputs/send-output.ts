import type { FastifyReply, FastifyRequest, HTTPMethods } from 'fastify';
import Type from 'typebox';
import { TintypeError } from '../../errors/tintype-error.ts';
import type { JobOutput, StoredOutput } from '../../jobs/job.ts';
import type { ByteRange, ObjectStore } from '../../jobs/object-store.ts';
import { contentDisposition } from '../filename.ts';
import type { HttpParts } from '../http-parts.ts';
import { byteRange } from './byte-range.ts';

const image = (description: string) => ({ description, content: { 'image/*': { schema: Type.Unsafe({}) } } });

/** Fastify's own HEAD would read the image to the end. */
export const imageMethods = ['GET', 'HEAD'] satisfies HTTPMethods[];

/** The answers with an image, for an endpoint's schema. */
export const imageAnswers = {
  200: image('The image.'),
  206: image('The part of it that `Range` asked for.'),
  302: {
    description: 'With `OBJECT_DOWNLOADS=redirect`: its address in the object store, for five minutes.',
    type: 'null',
  },
  304: { description: 'It is the one that `If-None-Match` names.', type: 'null' },
};

/**
 * Sends a finished image. Its address names one job's output, which never changes; `cacheControl` says
 * how long it may be kept.
 */
export async function sendOutput(
  request: FastifyRequest,
  reply: FastifyReply,
  { filename }: JobOutput,
  stored: StoredOutput,
  { objects, downloadLinks }: Pick<HttpParts, 'objects' | 'downloadLinks'>,
  cacheControl: string,
): Promise<FastifyReply> {
  const etag = `"${stored.sha256}"`;
  reply.headers({
    etag,
    'cache-control': cacheControl,
    'accept-ranges': 'bytes',
  });
  if (isAmong(etag, request.headers['if-none-match'])) return reply.code(304).send();
  const headers = {
    contentType: stored.contentType,
    contentDisposition: contentDisposition(filename),
    cacheControl,
  };
  // A link is signed for GET alone; a HEAD has its answer here.
  if (downloadLinks !== undefined && request.method === 'GET') {
    const link = await downloadLinks.linkTo(stored.key, headers);
    return reply.removeHeader('etag').header('cache-control', 'no-store').redirect(link, 302);
  }
  const range = wantedRange(request, reply, etag, stored.bytes);
  const length = range === undefined ? stored.bytes : range.end - range.start + 1;
  const body = request.method === 'HEAD' ? null : await readOutput(objects, stored, range);
  if (range !== undefined) {
    reply.code(206).header('content-range', `bytes ${range.start}-${range.end}/${stored.bytes}`);
  }
  reply.headers({
    'content-type': headers.contentType,
    'content-length': length,
    'content-disposition': headers.contentDisposition,
  });
  return reply.send(body);
}

/** `If-None-Match` compares weakly (RFC 9110, section 13.1.2). */
function isAmong(etag: string, header: string | undefined): boolean {
  if (header === undefined) return false;
  return header.trim() === '*' || header.split(',').some(tag => tag.trim().replace(/^W\//, '') === etag);
}

function wantedRange(
  request: FastifyRequest,
  reply: FastifyReply,
  etag: string,
  bytes: number,
): ByteRange | undefined {
  const condition = request.headers['if-range'];
  if (condition !== undefined && condition !== etag) return undefined;
  try {
    return byteRange(request.headers.range, bytes);
  } catch (error) {
    reply.header('content-range', `bytes */${bytes}`);
    throw error;
  }
}

/** The bytes. An output that a job names and the store has not is our fault, not an address that is wrong. */
export async function readOutput(objects: ObjectStore, stored: StoredOutput, range?: ByteRange) {
  try {
    return await objects.read(stored.key, range);
  } catch (error) {
    if (!(error instanceof TintypeError) || error.code !== 'not-found') throw error;
    throw new TintypeError('internal', 'The image is missing from the store.', { cause: error });
  }
}
