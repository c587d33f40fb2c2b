import { viewJob } from '../../jobs/job-view.ts';
import type { Links } from '../../jobs/links.ts';
import { problems } from '../../web/problem.ts';
import type { HttpApp, HttpParts } from '../http-parts.ts';
import { jobParams } from './get-job.ts';
import { jobAnswer } from './job-schema.ts';

const schema = {
  tags: ['jobs'],
  summary: 'Cancel a job',
  description:
    'Cancelling twice is the same as once. A job that is complete, failed or expired stays as it is: 409.',
  params: jobParams,
  response: { 200: jobAnswer, ...problems(403, 404, 409, 503) },
};

export function cancelJob(app: HttpApp, { jobs }: HttpParts, links: Links): void {
  app.delete('/jobs/:id', { schema }, async request =>
    viewJob(await jobs.cancel(request.params.id, request.visibleOwner), links),
  );
}
