import type { FastifyReply, FastifyRequest } from 'fastify';
import Type from 'typebox';
import { TintypeError } from '../../errors/tintype-error.ts';
import type { TriedJob } from '../../jobs/job.ts';
import type { Links } from '../../jobs/links.ts';
import { numericFields } from '../../web/numeric-fields.ts';
import { problems } from '../../web/problem.ts';
import type { EventFeed } from '../events/event-feed.ts';
import type { HttpApp, HttpParts } from '../http-parts.ts';
import { endedJob } from '../jobs/ended-job.ts';
import { idempotencyKeyHeader, keyOf } from '../jobs/idempotency.ts';
import type { JobRequest } from '../jobs/job-request.ts';
import { limitSubmissions } from '../jobs/submission-limit.ts';
import { submitRequest } from '../jobs/submit-request.ts';
import { expired } from '../outputs/get-output.ts';
import { readOutput } from '../outputs/send-output.ts';
import { magnifiedFilename, magnifyJob, magnifyNumbers, magnifyQuery } from './magnify-request.ts';

const defaultWaitMs = 120_000;

const schema = {
  tags: ['models'],
  summary: 'Enlarge an image by super-resolution, and wait for it',
  description:
    'Submits a job as `POST /jobs` does, and answers with what it made, or with why it failed. After two minutes the ' +
    'answer is 503 and the job goes on; `Location` names it. Whoever hangs up cancels it, except with an ' +
    '`Idempotency-Key`: then the same request finds it again.',
  querystring: magnifyQuery,
  headers: idempotencyKeyHeader,
  response: {
    200: {
      description: 'The enlarged image, as an attachment `sharpened.jpg`.',
      content: { 'image/jpeg': { schema: Type.Unsafe({}) } },
    },
    ...problems(400, 403, 404, 410, 413, 415, 422, 424, 429, 500, 503, 504),
  },
};

export function magnify(app: HttpApp, parts: HttpParts, links: Links, feed: EventFeed): void {
  const options = {
    schema,
    // To ask for the head alone would make a job as well.
    exposeHeadRoute: false,
    onRequest: limitSubmissions(parts.authentication !== undefined),
    preValidation: numericFields(...magnifyNumbers),
  };
  app.get('/magnify', options, async (request, reply) => {
    const body = magnifyJob(request.query, parts.magnifyOrigins);
    const job = await makeWhileWaited(body, request, reply, { parts, links, feed });
    return sendMagnified(reply, job, parts);
  });
}

/** The job as it ended. Throws `job-not-ended`, and what `submitRequest` and `endedJob` throw. */
async function makeWhileWaited(
  body: JobRequest,
  request: FastifyRequest,
  reply: FastifyReply,
  { parts, links, feed }: { parts: HttpParts; links: Links; feed: EventFeed },
): Promise<TriedJob> {
  const { store, magnifyWaitMs: ms = defaultWaitMs } = parts;
  const signal = callerGone(reply);
  const key = keyOf(request);
  const since = await feed.newest();
  const job = await submitRequest(body, request.owner, key, parts);
  void reply.header('location', links.job(job.id));
  try {
    const ended = await endedJob(job, { feed, store, since, ms, signal });
    if (ended !== undefined) return ended;
  } catch (error) {
    // Who sent a key may have lost the connection alone, and come back.
    if (signal.aborted && key === undefined) await cancel(job, request, parts);
    throw error;
  }
  const message = `The job has not ended in ${ms / 1000} s. It goes on: see the header "Location".`;
  throw new TintypeError('job-not-ended', message);
}

/** Aborts when nobody takes the answer any more. */
function callerGone({ raw }: FastifyReply): AbortSignal {
  const gone = new AbortController();
  const abort = () => gone.abort(new TintypeError('job-cancelled', 'The caller has hung up.'));
  if (raw.destroyed) abort();
  else raw.once('close', abort);
  return gone.signal;
}

async function cancel({ id, owner }: TriedJob, request: FastifyRequest, { jobs }: HttpParts): Promise<void> {
  try {
    await jobs.cancel(id, owner);
  } catch (error) {
    if (TintypeError.from(error).code === 'job-ended') return;
    request.log.warn({ err: error, job: id }, 'a job that nobody waits for could not be cancelled');
  }
}

async function sendMagnified(
  reply: FastifyReply,
  job: TriedJob,
  { objects }: HttpParts,
): Promise<FastifyReply> {
  const stored = job.outputs[0]?.stored;
  if (job.status === 'expired') throw expired();
  if (job.status === 'cancelled') throw new TintypeError('job-cancelled', 'The job was cancelled.');
  if (job.status !== 'complete' || stored === undefined) {
    const { code, message } = job.failure ?? { code: 'internal', message: 'The image was not made.' };
    throw new TintypeError(code, message);
  }
  const body = await readOutput(objects, stored);
  void reply.headers({
    'content-type': stored.contentType,
    'content-length': stored.bytes,
    'content-disposition': `attachment; filename="${magnifiedFilename}"`,
    'cache-control': 'no-store',
  });
  return reply.send(body);
}
