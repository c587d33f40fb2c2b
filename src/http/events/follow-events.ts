import { logFault } from '../../telemetry/log-fault.ts';
import { problems } from '../../web/problem.ts';
import type { HttpApp, HttpParts } from '../http-parts.ts';
import type { EventFeed, Listener } from './event-feed.ts';
import { EventStream, eventAnswers, lastEventIdHeader, resumePosition } from './event-stream.ts';

const schema = {
  tags: ['events'],
  summary: "Follow all of an owner's jobs",
  description:
    'Begins with what happens next, or after the event that `Last-Event-ID` names; kept for a day.',
  headers: lastEventIdHeader,
  response: { ...eventAnswers, ...problems(400, 403, 503) },
};

export function followEvents(app: HttpApp, { logger }: HttpParts, feed: EventFeed): void {
  app.get('/events', { schema, exposeHeadRoute: false }, async (request, reply) => {
    const newest = await feed.newest();
    const since = resumePosition(request.headers['last-event-id'], newest) ?? newest;
    const stream = new EventStream(request, reply, () => following.leave());
    const listener: Listener = {
      filter: request.visibleOwner === undefined ? {} : { owner: request.visibleOwner },
      onEvent: event => stream.status(event),
      onProgress: progress => stream.progress(progress),
      ready: () => stream.drained(),
      onStop: () => stream.end(),
    };
    const following = feed.follow(listener, since);
    following.caughtUp.catch(error => {
      logFault(logger, 'warn', error, 'a client could not be told what happened');
      stream.destroy();
    });
    return reply;
  });
}
