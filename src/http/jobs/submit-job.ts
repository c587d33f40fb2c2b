import type { FastifyRequest } from 'fastify';
import Type from 'typebox';
import { TintypeError } from '../../errors/tintype-error.ts';
import type { TriedJob } from '../../jobs/job.ts';
import { viewJob } from '../../jobs/job-view.ts';
import type { Links } from '../../jobs/links.ts';
import type { Place } from '../../jobs/queue-quota.ts';
import { parseJson } from '../../web/json-text.ts';
import { problems } from '../../web/problem.ts';
import { validationFault } from '../../web/validation-fault.ts';
import type { HttpApp, HttpParts } from '../http-parts.ts';
import { discardUpload, type ReceivedForm, receiveForm } from '../uploads/receive-upload.ts';
import { idempotency, idempotencyKeyHeader, keyOf } from './idempotency.ts';
import {
  type JobRequest,
  jobRequestSchema,
  newJob,
  type UploadedJob,
  uploadedJobSchema,
} from './job-request.ts';
import { jobAnswer } from './job-schema.ts';
import { limitSubmissions } from './submission-limit.ts';
import { earlierJob, submitRequest } from './submit-request.ts';

/** The body as the documentation shows it; the stream is read by the handler, not by the validator. */
const formSchema = Type.Object({
  image: Type.Unsafe({ contentMediaType: 'application/octet-stream', description: 'The image file.' }),
  job: Type.Optional(uploadedJobSchema),
});

const schema = {
  tags: ['jobs'],
  summary: 'Submit a job',
  description:
    'Takes an image as the file part `image`, or says where one is, and answers at once. An address is fetched afterwards.',
  headers: idempotencyKeyHeader,
  body: {
    content: {
      'application/json': { schema: jobRequestSchema },
      'multipart/form-data': { schema: formSchema },
    },
  },
  response: { 202: jobAnswer, ...problems(400, 403, 404, 408, 409, 413, 415, 422, 429, 503) },
};

export function submitJob(app: HttpApp, parts: HttpParts, links: Links): void {
  // Leaves the stream to the handler.
  app.addContentTypeParser('multipart/form-data', (_request, payload, done) =>
    done(null, { image: payload }),
  );

  const onRequest = limitSubmissions(parts.authentication !== undefined);
  app.post('/jobs', { schema, onRequest }, async (request, reply) => {
    const isForm = request.headers['content-type']?.toLowerCase().startsWith('multipart/form-data');
    const job = isForm ? await submitForm(request, parts) : await submitJson(request, parts);
    void reply.code(202).header('location', links.job(job.id));
    return viewJob(job, links);
  });
}

async function submitJson(request: FastifyRequest, parts: HttpParts): Promise<TriedJob> {
  const body = request.body as JobRequest | undefined;
  if (body === undefined) {
    throw new TintypeError(
      'invalid-request',
      'The body is empty. Send application/json, or multipart/form-data.',
      {
        pointer: '',
      },
    );
  }
  return submitRequest(body, request.owner, keyOf(request), parts);
}

async function submitForm(request: FastifyRequest, parts: HttpParts): Promise<TriedJob> {
  const hasKey = keyOf(request) !== undefined;
  // Before anything of an upload is read; but what may be a repetition has to be read before there is no more room.
  using place = hasKey ? undefined : await parts.quota.reserve(request.owner);
  const form = await receiveForm(request, parts, hasKey);
  const { id } = form.upload;
  let job: TriedJob;
  try {
    job = await acceptForm(form, request, parts, place);
  } catch (error) {
    // What fails on our side may still have been committed: the sweeper finds out whether a job names the upload.
    if (TintypeError.from(error).status < 500) await discardUpload(id, parts);
    throw error;
  }
  const isReplay = !('upload' in job.source && job.source.upload === id);
  if (isReplay) await discardUpload(id, parts);
  return job;
}

async function acceptForm(
  { upload, job, sha256 }: ReceivedForm,
  request: FastifyRequest,
  parts: HttpParts,
  place: Place | undefined,
): Promise<TriedJob> {
  const { owner } = request;
  const asked = job === undefined ? {} : parseJob(job, request);
  const key = keyOf(request);
  const sent = key === undefined ? undefined : idempotency(key, asked, sha256);
  const earlier = await earlierJob(owner, sent, parts);
  if (earlier !== undefined) return earlier;
  using late = place === undefined ? await parts.quota.reserve(owner) : undefined;
  const source = { upload: upload.id, filename: upload.filename };
  const accepted = await newJob(asked, source, owner, parts);
  const submitted = await parts.jobs.submit({ ...accepted, ...(sent && { idempotency: sent }) });
  (place ?? late)?.taken();
  return submitted;
}

function parseJob(text: string, request: FastifyRequest): UploadedJob {
  const job = parseJson(text, 'The part "job"');
  const validate = request.compileValidationSchema(uploadedJobSchema);
  if (!validate(job)) throw validationFault(validate.errors ?? []);
  return job as UploadedJob;
}
