import type { FastifyRequest } from 'fastify';
import Type from 'typebox';
import { TintypeError } from '../errors/tintype-error.ts';
import type { Job, NewJob } from '../jobs/job.ts';
import type { HttpApp, HttpParts } from './http-parts.ts';
import {
  type JobRequest,
  jobRequestSchema,
  newJob,
  requestedSource,
  type UploadedJob,
  uploadedJobSchema,
} from './job-request.ts';
import { jobAnswer, viewJob } from './job-view.ts';
import type { Links } from './links.ts';
import { problems } from './problem.ts';
import { discardUpload, receiveForm } from './receive-upload.ts';
import { limitSubmissions } from './submission-limit.ts';
import { validationFault } from './validation-fault.ts';

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
  body: {
    content: {
      'application/json': { schema: jobRequestSchema },
      'multipart/form-data': { schema: formSchema },
    },
  },
  response: { 202: jobAnswer, ...problems(400, 403, 404, 413, 415, 429, 503) },
};

export function submitJob(app: HttpApp, parts: HttpParts, links: Links): void {
  // Leaves the stream to the handler.
  app.addContentTypeParser('multipart/form-data', (_request, payload, done) =>
    done(null, { image: payload }),
  );

  app.post('/jobs', { schema, onRequest: limitSubmissions() }, async (request, reply) => {
    // Before anything of an upload is read.
    using place = await parts.quota.reserve(request.owner);
    const isForm = request.headers['content-type']?.toLowerCase().startsWith('multipart/form-data');
    const job = isForm
      ? await submitForm(request, parts)
      : await submitJson(request.body as JobRequest | undefined, request.owner, parts);
    place.taken();
    void reply.code(202).header('location', links.job(job.id));
    return viewJob(job, links);
  });
}

async function submitJson(body: JobRequest | undefined, owner: string, parts: HttpParts): Promise<Job> {
  if (body === undefined) {
    throw new TintypeError(
      'invalid-request',
      'The body is empty. Send application/json, or multipart/form-data.',
      {
        pointer: '',
      },
    );
  }
  const source = await requestedSource(body.source, owner, parts.objects);
  return parts.jobs.submit(await newJob(body, source, owner, parts.objects));
}

async function submitForm(request: FastifyRequest, parts: HttpParts): Promise<Job> {
  const { upload, job } = await receiveForm(request, parts);
  let accepted: Omit<NewJob, 'id'>;
  try {
    const asked = job === undefined ? {} : parseJob(job, request);
    const source = { upload: upload.id, filename: upload.filename };
    accepted = await newJob(asked, source, request.owner, parts.objects);
  } catch (error) {
    await discardUpload(upload.id, parts);
    throw error;
  }
  // A submission that fails may still have been committed: the sweeper finds out whether a job names the upload.
  return parts.jobs.submit(accepted);
}

function parseJob(text: string, request: FastifyRequest): UploadedJob {
  let job: unknown;
  try {
    job = JSON.parse(text);
  } catch {
    throw new TintypeError('invalid-request', 'The part "job" is not valid JSON.', { pointer: '' });
  }
  const validate = request.compileValidationSchema(uploadedJobSchema);
  if (!validate(job)) throw validationFault(validate.errors ?? []);
  return job as UploadedJob;
}
