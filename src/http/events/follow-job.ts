import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Job } from '../../jobs/job.ts';
import { hasEnded } from '../../jobs/states.ts';
import { logFault } from '../../telemetry/log-fault.ts';
import { problems } from '../../web/problem.ts';
import type { HttpApp, HttpParts } from '../http-parts.ts';
import { jobParams, requireJob } from '../jobs/get-job.ts';
import type { EventFeed, Listener } from './event-feed.ts';
import {
  EventStream,
  eventAnswers,
  lastEventIdHeader,
  resumePosition,
  type StatusNews,
} from './event-stream.ts';

const schema = {
  tags: ['events'],
  summary: 'Follow one job',
  description:
    'Begins with how the job stands, or after the event that `Last-Event-ID` names, and ends with the job. ' +
    '204, which tells an EventSource not to come back, when there is nothing left to tell.',
  params: jobParams,
  headers: lastEventIdHeader,
  response: {
    ...eventAnswers,
    204: { description: 'The job has ended and everything was told.', type: 'null' },
    ...problems(400, 403, 404, 503),
  },
};

export function followJob(app: HttpApp, parts: HttpParts, feed: EventFeed): void {
  app.get('/jobs/:id/events', { schema, exposeHeadRoute: false }, async (request, reply) => {
    const { store } = parts;
    // In this order: what happens in between is in the log and comes afterwards.
    const newest = await feed.newest();
    const job = await requireJob(request.params.id, request.visibleOwner, store);
    const history = await feed.history({ owner: job.owner, jobId: job.id });
    const resumed = resumePosition(request.headers['last-event-id'], newest);
    const told = history.at(-1)?.position ?? newest;
    if (resumed !== undefined && hasEnded(job.status) && resumed >= told) return reply.code(204).send();
    const present = history.at(-1) ?? presentState(job, newest);
    return follow(request, reply, { job, feed, present, resumed }, parts);
  });
}

interface Beginning {
  readonly job: Job;
  readonly feed: EventFeed;
  readonly present: StatusNews;
  readonly resumed: number | undefined;
}

function follow(
  request: FastifyRequest,
  reply: FastifyReply,
  { job, feed, present, resumed }: Beginning,
  { logger }: HttpParts,
): FastifyReply {
  const stream = new EventStream(request, reply, () => following.leave());
  let last = present;
  let isCatchingUp = true;
  const endWithJob = () => {
    if (!isCatchingUp && hasEnded(last.status)) stream.end();
  };
  const listener: Listener = {
    filter: { owner: job.owner, jobId: job.id },
    onEvent: event => {
      stream.status(event);
      last = event;
      endWithJob();
    },
    onProgress: progress => stream.progress(progress),
    ready: () => stream.drained(),
    onStop: () => stream.end(),
  };
  if (resumed === undefined) stream.status(present);
  const following = feed.follow(listener, resumed ?? present.position);
  following.caughtUp
    .then(() => {
      // Only now: what it caught up with may hold the end of an earlier run.
      isCatchingUp = false;
      endWithJob();
    })
    .catch(error => {
      logFault(logger, 'warn', error, 'a client could not be told what happened', { job: job.id });
      stream.destroy();
    });
  return reply;
}

/** For a job whose events the log has dropped. */
function presentState(job: Job, position: number): StatusNews {
  return {
    position,
    jobId: job.id,
    status: job.status,
    run: job.run,
    at: job.endedAt ?? job.startedAt ?? job.submittedAt,
    ...(job.failure !== undefined && { failure: job.failure }),
  };
}
