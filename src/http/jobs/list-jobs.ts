import Type from 'typebox';
import type { JobFilter } from '../../jobs/job-store.ts';
import { viewJob } from '../../jobs/job-view.ts';
import type { Links } from '../../jobs/links.ts';
import { problems } from '../../web/problem.ts';
import type { HttpApp, HttpParts } from '../http-parts.ts';
import { nextCursorField, numericLimit, pageFields, pageOf } from '../page-query.ts';
import { jobFilter, jobFilterFields } from './job-filter.ts';
import { jobAnswer, jobStatusSchema } from './job-schema.ts';

const schema = {
  tags: ['jobs'],
  summary: 'List jobs, newest first',
  querystring: Type.Object(
    {
      status: Type.Optional(jobStatusSchema),
      ...jobFilterFields,
      ...pageFields(),
    },
    { additionalProperties: false },
  ),
  response: {
    200: Type.Object(
      {
        jobs: Type.Array(jobAnswer),
        nextCursor: nextCursorField,
      },
      { description: 'A page of jobs.' },
    ),
    ...problems(400, 403, 503),
  },
};

export function listJobs(app: HttpApp, { store }: HttpParts, links: Links): void {
  app.get('/jobs', { schema, preValidation: numericLimit }, async request => {
    const { status } = request.query;
    const filter: JobFilter = {
      ...jobFilter(request.query, request.visibleOwner),
      ...(status !== undefined && { status }),
    };
    const page = await store.list(filter, pageOf(request.query));
    return { jobs: page.jobs.map(job => viewJob(job, links)), nextCursor: page.nextCursor ?? null };
  });
}
