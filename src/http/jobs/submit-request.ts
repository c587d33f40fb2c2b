import type { Idempotency } from '../../jobs/idempotency-store.ts';
import type { TriedJob } from '../../jobs/job.ts';
import type { HttpParts } from '../http-parts.ts';
import { idempotency } from './idempotency.ts';
import { type JobRequest, newJob, requestedSource, requestedUpload } from './job-request.ts';

/**
 * Submits a job whose original is somewhere already, or finds the one that the same request made under this key.
 * Throws `queue-full`, what `newJob` throws, and what it throws that looks for the original.
 */
export async function submitRequest(
  body: JobRequest,
  owner: string,
  key: string | undefined,
  parts: HttpParts,
): Promise<TriedJob> {
  const sent = key === undefined ? undefined : idempotency(key, body);
  const earlier = await earlierJob(owner, sent, parts);
  if (earlier !== undefined) return earlier;
  using place = await parts.quota.reserve(owner);
  const source =
    body.source.upload === undefined
      ? await requestedSource(body.source, owner, parts.objects)
      : await requestedUpload(body.source.upload, owner, parts.partialUploads);
  const job = await newJob(body, source, owner, parts);
  const submitted = await parts.jobs.submit({ ...job, ...(sent && { idempotency: sent }) });
  place.taken();
  return submitted;
}

/** What the same request made before, if it was sent before: also where it would be refused by now. */
export async function earlierJob(
  owner: string,
  sent: Idempotency | undefined,
  { idempotency, store }: HttpParts,
): Promise<TriedJob | undefined> {
  const id = sent === undefined ? undefined : await idempotency.jobOf(owner, sent);
  return id === undefined ? undefined : store.get(id, owner);
}
