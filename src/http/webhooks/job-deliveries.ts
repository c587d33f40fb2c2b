import Type from 'typebox';
import { problems } from '../../web/problem.ts';
import type { HttpApp, HttpParts } from '../http-parts.ts';
import { jobParams, requireJob } from '../jobs/get-job.ts';
import { numericLimit, pageFields, pageOf } from '../page-query.ts';
import { deliveriesPage, viewPage } from './delivery-view.ts';

const schema = {
  tags: ['webhooks'],
  summary: 'Who was told of a job, newest first',
  params: jobParams,
  querystring: Type.Object(pageFields(), { additionalProperties: false }),
  response: { 200: deliveriesPage, ...problems(400, 403, 404, 503) },
};

export function jobDeliveries(app: HttpApp, { store, deliveryLog }: HttpParts): void {
  app.get('/jobs/:id/deliveries', { schema, preValidation: numericLimit }, async request => {
    const { id } = await requireJob(request.params.id, request.visibleOwner, store);
    return viewPage(await deliveryLog.list({ jobId: id }, pageOf(request.query)));
  });
}
