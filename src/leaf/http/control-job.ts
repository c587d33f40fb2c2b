import type { FastifyReply, FastifyRequest } from 'fastify';
import { TintypeError } from '../../errors/tintype-error.ts';
import type { HttpApp } from '../../web/http-app.ts';
import { pagePolicy } from '../../web/safety-headers.ts';
import type { Job } from '../jobs/job.ts';
import type { JobLog } from '../jobs/job-log.ts';
import { type JobPage, jobPage, logPage } from '../jobs/job-page.ts';

/** A job's page, its log, and what its buttons do. Addresses are relative: an ingress may put the page under a path. */
export function controlJob(app: HttpApp, page: JobPage, job: Job, log: JobLog): void {
  // What a form without fields sends; there is nothing in it to be read.
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string', bodyLimit: 1_024 },
    async () => undefined,
  );
  app.get('/', async (_request, reply) => sendPage(reply, jobPage(page, job.view())));
  app.get('/logs', async (_request, reply) => sendPage(reply, logPage(page, log.lines)));
  app.get('/status', async () => job.view());
  for (const action of ['start', 'pause', 'stop'] as const) {
    app.post(`/${action}`, async (request, reply) => {
      refuseForeignPage(request);
      await job[action]();
      // A program gets the status, and a browser its page again.
      if (!request.headers.accept?.includes('text/html')) return job.view();
      return reply.code(303).header('location', './').send();
    });
  }
}

function sendPage(reply: FastifyReply, html: string): FastifyReply {
  return reply
    .header('content-security-policy', pagePolicy)
    .header('cache-control', 'no-store')
    .type('text/html; charset=utf-8')
    .send(html);
}

/** Another site's page could else press the buttons of whoever visits it. */
function refuseForeignPage({ headers }: FastifyRequest): void {
  const site = headers['sec-fetch-site'];
  const isForeign = site !== undefined && site !== 'same-origin' && site !== 'none';
  const { origin } = headers;
  const isOther = origin !== undefined && URL.parse(origin)?.host !== headers.host;
  if (isForeign || isOther) throw new TintypeError('foreign-origin', 'Another site’s page can’t do this.');
}
