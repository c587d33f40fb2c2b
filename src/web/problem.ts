import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import Type, { type Static } from 'typebox';
import { codes, type ErrorCode } from '../errors/codes.ts';
import { TintypeError } from '../errors/tintype-error.ts';
import { logFault } from '../telemetry/log-fault.ts';
import { requestFacts } from './request-log.ts';
import { safetyHeaders } from './safety-headers.ts';
import { validationFault } from './validation-fault.ts';

/** RFC 9457 with our stable `code`. */
export const problemSchema = Type.Object(
  {
    type: Type.String({ description: 'Always about:blank; `code` tells problems apart.' }),
    title: Type.String({ description: 'The status in words.' }),
    status: Type.Integer({ description: 'The HTTP status.' }),
    detail: Type.String({ description: 'What went wrong, for a person.' }),
    code: Type.Enum(Object.keys(codes) as [ErrorCode, ...ErrorCode[]], {
      type: 'string',
      description: 'What went wrong, for a program. It never changes its meaning.',
    }),
    instance: Type.Optional(Type.String({ description: 'The id of this request, as in X-Request-Id.' })),
    pointer: Type.Optional(Type.String({ description: 'JSON pointer (RFC 6901) to the field at fault.' })),
  },
  { $id: 'Problem', title: 'Problem', description: 'Why a request was refused (RFC 9457).' },
);

export type Problem = Static<typeof problemSchema>;
/** For every 503 that knows no better: a store that is away, a service that stops. */
export const retryAfterSeconds = 5;
/** Of 5xx: no fault, but a matter of load. */
const expected: ReadonlySet<ErrorCode> = new Set(['overloaded', 'job-not-ended']);
export const problemType = 'application/problem+json; charset=utf-8';

/** The answers of an endpoint that are problems, for its schema. */
export function problems(...statuses: number[]): Record<number, object> {
  const content = { 'application/problem+json': { schema: Type.Ref('Problem') } };
  return Object.fromEntries(statuses.map(status => [status, { description: STATUS_CODES[status], content }]));
}

/** Answers with the problem that an error is. What is our fault is logged with its cause and told without it. */
export function sendProblem(thrown: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const error = publicError(thrown);
  if (expected.has(error.code)) request.log.warn({ code: error.code }, error.message);
  else if (error.status >= 500)
    logFault(request.log, 'error', error, 'a request failed', requestFacts(request));
  const retryAfter = error.retryAfter ?? (error.status === 503 ? retryAfterSeconds : undefined);
  if (retryAfter !== undefined) void reply.header('retry-after', Math.ceil(retryAfter));
  // What was said of an image that could not be sent after all does not hold for the problem.
  for (const name of ['etag', 'content-length', 'content-disposition', 'accept-ranges'])
    reply.removeHeader(name);
  // Also where no hook ran: a path that is none.
  void reply.headers({ ...safetyHeaders, 'cache-control': 'no-store' });
  void reply
    .code(error.status)
    .type(problemType)
    .send(JSON.stringify(problemOf(error, request.id)));
}

/** Answers what Node refused before there was a request: broken HTTP, headers too large or too slow. */
export function refuseBrokenRequest(fault: NodeJS.ErrnoException, socket: Socket): void {
  if (fault.code === 'ECONNRESET' || socket.destroyed) return;
  if (socket.writable) {
    const [status, detail] = brokenRequests[fault.code ?? ''] ?? [400, 'This is not HTTP/1.1 as we know it.'];
    const error = new TintypeError('invalid-request', detail);
    const body = JSON.stringify({ ...problemOf(error), status, title: STATUS_CODES[status] });
    const headers = Object.entries({
      Connection: 'close',
      'Content-Type': problemType,
      'Content-Length': Buffer.byteLength(body),
      ...safetyHeaders,
    }).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${headers.join('')}\r\n${body}`);
  }
  socket.destroy(fault);
}

const brokenRequests: Readonly<Record<string, [status: number, detail: string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'The request did not arrive in time.'],
  HPE_HEADER_OVERFLOW: [431, 'The headers are larger than 16 KiB.'],
};

function problemOf(error: TintypeError, instance?: string): Problem {
  return {
    type: 'about:blank',
    title: STATUS_CODES[error.status] ?? 'Error',
    status: error.status,
    detail: error.message,
    code: error.code,
    ...(instance !== undefined && { instance }),
    ...(error.pointer !== undefined && { pointer: error.pointer }),
  };
}

function publicError(thrown: unknown): TintypeError {
  if (thrown instanceof TintypeError) return thrown;
  const error = thrown as Partial<FastifyError>;
  if (error.validation !== undefined) return validationFault(error.validation, partPrefix(error));
  const { code, statusCode = 500 } = error;
  switch (code) {
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new TintypeError('unsupported-media-type', 'Send application/json, or multipart/form-data.');
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new TintypeError('upload-too-large', 'The JSON body is larger than 1 MiB.');
    case 'FST_ERR_BAD_URL':
      return new TintypeError('invalid-request', 'The path is not a valid URL path.');
  }
  if (statusCode < 500) {
    return new TintypeError('invalid-request', 'The request could not be read.', { cause: thrown });
  }
  return TintypeError.from(thrown);
}

/** Bodies and queries have no prefix of their own: `/limit` is the parameter `limit`. */
function partPrefix({ validationContext }: Partial<FastifyError>): string {
  return validationContext === 'headers' ? '/headers' : '';
}
