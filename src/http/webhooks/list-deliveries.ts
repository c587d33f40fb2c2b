import Type from 'typebox';
import { problems } from '../../web/problem.ts';
import type { HttpApp, HttpParts } from '../http-parts.ts';
import { numericLimit, pageFields, pageOf } from '../page-query.ts';
import { deliveriesPage, deliveryStatusSchema, viewPage } from './delivery-view.ts';

const schema = {
  tags: ['webhooks'],
  summary: 'List deliveries, newest first',
  querystring: Type.Object(
    { status: Type.Optional(deliveryStatusSchema), ...pageFields() },
    { additionalProperties: false },
  ),
  response: { 200: deliveriesPage, ...problems(400, 403, 503) },
};

export function listDeliveries(app: HttpApp, { deliveryLog }: HttpParts): void {
  app.get('/deliveries', { schema, preValidation: numericLimit }, async request => {
    const { status } = request.query;
    const owner = request.visibleOwner;
    const filter = { ...(owner !== undefined && { owner }), ...(status !== undefined && { status }) };
    return viewPage(await deliveryLog.list(filter, pageOf(request.query)));
  });
}
