import { viewJob } from '../../jobs/job-view.ts';
import type { Links } from '../../jobs/links.ts';
import { problems } from '../../web/problem.ts';
import type { HttpApp, HttpParts } from '../http-parts.ts';
import { jobParams } from './get-job.ts';
import { jobAnswer } from './job-schema.ts';

const schema = {
  tags: ['jobs'],
  summary: 'Run a failed or cancelled job again',
  params: jobParams,
  response: { 202: jobAnswer, ...problems(403, 404, 409, 410, 503) },
};

export function retryJob(app: HttpApp, { jobs }: HttpParts, links: Links): void {
  app.post('/jobs/:id/retry', { schema }, async (request, reply) => {
    const job = await jobs.retry(request.params.id, request.visibleOwner);
    void reply.code(202).header('location', links.job(job.id));
    return viewJob(job, links);
  });
}
