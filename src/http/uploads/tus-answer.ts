import { type ERRORS, Server, type Upload } from '@tus/server';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { v7 as uuidv7 } from 'uuid';
import { TintypeError } from '../../errors/tintype-error.ts';
import type { Links } from '../../jobs/links.ts';
import type { HttpParts } from '../http-parts.ts';
import { TusUpload } from './tus-upload.ts';
import { checksumAlgorithms } from './upload-checksum.ts';
import type { UploadLocks } from './upload-locks.ts';

type TusFault = (typeof ERRORS)[keyof typeof ERRORS];

export interface TusParts {
  readonly parts: HttpParts;
  readonly locks: UploadLocks;
  readonly links: Links;
}

/** The headers that the protocol knows; the official server sees no others, and no body. */
const known = /^(tus-|upload-|content-type$|content-length$)/;
/** Its headers that are none of ours: another site's pages have no business here, the connection is the server's. */
const unwanted = /^(access-control-|connection$|content-length$)/;

/**
 * Lets the official tus server answer a request. Throws its refusals, and ours, as problems.
 */
export async function answerTus(
  request: FastifyRequest,
  reply: FastifyReply,
  { parts, locks, links }: TusParts,
): Promise<FastifyReply> {
  const upload = new TusUpload(request, parts, locks);
  let fault: unknown;
  const server = new Server({
    path: '/uploads',
    datastore: upload,
    locker: upload,
    maxSize: parts.maxUploadBytes,
    namingFunction: () => uuidv7(),
    generateUrl: (_request, { id }) => links.upload(id),
    onResponseError: (_request, error) => {
      fault = error;
      return undefined;
    },
  });
  // Its own would put three streams around a body that it does not see: 15 kB an upload.
  const writeToStore = (_body: null, { id }: Upload) => upload.write(undefined, id);
  for (const handler of [server.handlers.PATCH, server.handlers.POST]) {
    Object.assign(handler, { writeToStore });
  }
  const answer = await server.handleWeb(withoutBody(request));
  if (request.method === 'OPTIONS') reply.header('tus-checksum-algorithm', checksumAlgorithms.join(','));
  if (answer.status >= 400) throw await refusal(fault, answer, reply);
  for (const [name, value] of answer.headers) if (!unwanted.test(name)) reply.header(name, value);
  return reply.code(answer.status).send();
}

function withoutBody({ method, url, headers }: FastifyRequest): Request {
  const seen = Object.entries(headers).flatMap(([name, value]): [string, string][] =>
    typeof value === 'string' && known.test(name) ? [[name, value]] : [],
  );
  return new Request(new URL(url.split('?', 1)[0] ?? '', 'http://tus.invalid'), { method, headers: seen });
}

async function refusal(fault: unknown, answer: Response, reply: FastifyReply): Promise<unknown> {
  if (fault !== undefined && !isTusFault(fault)) return fault;
  if (answer.status === 412) reply.header('tus-version', '1.0.0');
  // Some end in a full stop, some do not.
  const message = (fault?.body ?? (await answer.text())).trim().replace(/\.$/, '');
  switch (answer.status) {
    case 404:
    case 410:
      return new TintypeError('not-found', 'There is no such upload.');
    case 409:
      return new TintypeError('upload-offset', '"Upload-Offset" is not where the upload ends. Ask by HEAD.');
    case 412:
      return new TintypeError('unsupported-tus-version', 'Send "Tus-Resumable: 1.0.0".');
    case 413:
      return new TintypeError('upload-too-large', 'The upload is larger than announced, or than is allowed.');
    default:
      return new TintypeError('invalid-request', `${message}.`);
  }
}

function isTusFault(fault: unknown): fault is TusFault {
  return typeof fault === 'object' && fault !== null && 'status_code' in fault;
}
