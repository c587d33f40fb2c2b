import Type from 'typebox';
import { codes, type ErrorCode } from '../../errors/codes.ts';
import type { FailedJobFilter } from '../../jobs/failed-job-store.ts';
import { problems } from '../../web/problem.ts';
import type { HttpApp, HttpParts } from '../http-parts.ts';
import { jobFilter, jobFilterFields } from './job-filter.ts';

const allCodes = Object.keys(codes) as [ErrorCode, ...ErrorCode[]];

const schema = {
  tags: ['jobs'],
  summary: 'Run failed jobs again',
  description:
    'Every failed job that fits, as its next run, oldest first. Those whose original is gone are left out. ' +
    'Answers when all are queued.',
  body: Type.Object(
    {
      status: Type.Literal('failed'),
      code: Type.Optional(
        Type.Union([Type.Integer({ minimum: 400, maximum: 599 }), Type.Enum(allCodes, { type: 'string' })], {
          description:
            'why they failed: a status as in the `code` of a job, or a code as in the error of an output',
        }),
      ),
      ...jobFilterFields,
    },
    { additionalProperties: false, title: 'RetryRequest' },
  ),
  response: {
    202: Type.Object(
      {
        retried: Type.Integer(),
        skipped: Type.Integer({ description: 'Failed jobs whose original is not there any more.' }),
      },
      { description: 'How many jobs run again.' },
    ),
    ...problems(400, 403, 503),
  },
};

export function retryJobs(app: HttpApp, { redrive }: HttpParts): void {
  app.post('/jobs/retry', { schema }, async (request, reply) => {
    const { code } = request.body;
    const filter: FailedJobFilter = {
      ...jobFilter(request.body, request.visibleOwner),
      ...(code !== undefined && { codes: codesOf(code) }),
    };
    void reply.code(202);
    return redrive.retryFailed(filter);
  });
}

function codesOf(code: number | ErrorCode): ErrorCode[] {
  return typeof code === 'number' ? allCodes.filter(each => codes[each].status === code) : [code];
}
