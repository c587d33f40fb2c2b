import Type from 'typebox';
import { problems } from '../../web/problem.ts';
import type { HttpApp, HttpParts } from '../http-parts.ts';
import { deliverySchema, viewDelivery } from './delivery-view.ts';

const schema = {
  tags: ['webhooks'],
  summary: 'Tell it again',
  description: 'A new try, now, with the same id and body, of a delivery that was delivered or given up.',
  params: Type.Object({ id: Type.String({ description: "The delivery's id." }) }),
  response: { 202: deliverySchema, ...problems(403, 404, 409, 503) },
};

export function replayDelivery(app: HttpApp, { deliveryLog }: HttpParts): void {
  app.post('/deliveries/:id/replay', { schema }, async (request, reply) => {
    const delivery = await deliveryLog.replay(request.params.id, request.visibleOwner);
    void reply.code(202);
    return viewDelivery(delivery);
  });
}
