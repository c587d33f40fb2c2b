import Type from 'typebox';
import { TintypeError } from '../../errors/tintype-error.ts';
import type { TriedJob } from '../../jobs/job.ts';
import type { JobStore } from '../../jobs/job-store.ts';
import { viewJob } from '../../jobs/job-view.ts';
import type { Links } from '../../jobs/links.ts';
import { problems } from '../../web/problem.ts';
import type { HttpApp, HttpParts } from '../http-parts.ts';
import { jobAnswer } from './job-schema.ts';

export const jobParams = Type.Object({ id: Type.String({ description: "The job's id." }) });

const schema = {
  tags: ['jobs'],
  summary: 'How a job stands',
  params: jobParams,
  response: { 200: jobAnswer, ...problems(403, 404, 503) },
};

export function getJob(app: HttpApp, { store }: HttpParts, links: Links): void {
  app.get('/jobs/:id', { schema }, async request =>
    viewJob(await requireJob(request.params.id, request.visibleOwner, store), links),
  );
}

/** The owner's job. Throws `not-found`. */
export async function requireJob(id: string, owner: string | undefined, store: JobStore): Promise<TriedJob> {
  const job = await store.get(id, owner);
  if (job === undefined) throw new TintypeError('not-found', 'There is no such job.');
  return job;
}
