import { isoTime } from './iso-time.ts';
import type { Job } from './job.ts';
import { viewWithoutTries } from './job-view.ts';
import type { Links } from './links.ts';
import type { WebhookEvent } from './webhook.ts';

/** Bytes; Standard Webhooks asks receivers for no more than 20 kB. */
export const maxBodyBytes = 20_000;

const longestMessage = 1_000;

type View = ReturnType<typeof viewWithoutTries>;

/**
 * The body of a webhook as JSON: `{type, timestamp, data}` with the job as `GET /jobs/{id}` shows it, but for its
 * tries. One that would be larger than `maxBodyBytes` is cut down, and then says `truncated: true` in its data.
 */
export function deliveryBody(type: WebhookEvent, job: Job, links: Links): string {
  const view = viewWithoutTries(job, links);
  const bodyOf = (data: object) =>
    JSON.stringify({ type, timestamp: isoTime(job.endedAt ?? job.submittedAt), data });
  let body = bodyOf(view);
  let cut: View = view;
  for (const step of cuts) {
    if (fits(body)) break;
    cut = step(cut);
    body = bodyOf({ ...cut, truncated: true });
  }
  return body;
}

export function fits(body: string): boolean {
  return Buffer.byteLength(body) < maxBodyBytes;
}

/** In this order, one after the other, until it fits: what is easiest to ask for, or known to the caller, goes first. */
const cuts: readonly ((view: View) => View)[] = [
  view => ({ ...view, outputs: view.outputs.map(briefOutput) }),
  view => ({ ...view, metadata: null }),
  view => ({ ...view, source: { filename: view.source.filename } }),
  view => ({ ...view, message: view.message.slice(0, longestMessage), outputs: [] }),
];

/** What became of an output, without its options and sums. */
function briefOutput({ name, filename, status, location }: View['outputs'][number]): View['outputs'][number] {
  return { name, filename, status, location, bytes: null, contentType: null, sha256: null, error: null };
}
