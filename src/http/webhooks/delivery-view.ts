import Type, { type Static } from 'typebox';
import { type Delivery, deliveryStatuses } from '../../jobs/delivery-log.ts';
import { isoTime } from '../../jobs/iso-time.ts';
import { webhookEvents } from '../../jobs/webhook.ts';
import { nullable } from '../nullable.ts';
import { nextCursorField } from '../page-query.ts';

export const deliveryStatusSchema = Type.Enum([...deliveryStatuses], { type: 'string' });

const trySchema = Type.Object({
  at: Type.String({ format: 'date-time' }),
  status: nullable(Type.Integer({ description: 'HTTP status of the answer.' })),
  latency: Type.Integer({ description: 'Milliseconds.' }),
  error: nullable(Type.String({ description: 'For a person; null when it was a success.' })),
});

export const deliverySchema = Type.Object(
  {
    id: Type.String({ format: 'uuid', description: 'The same through all tries: `webhook-id`.' }),
    job: Type.String({ format: 'uuid' }),
    run: Type.Integer({ description: 'Of the job.' }),
    owner: Type.String(),
    type: Type.Enum([...webhookEvents], { type: 'string' }),
    target: Type.Object({
      kind: Type.Literal('webhook'),
      url: Type.String(),
      endpoint: nullable(
        Type.String({ description: "An owner's endpoint; null for a webhook of the job itself." }),
      ),
    }),
    status: deliveryStatusSchema,
    created: Type.String({ format: 'date-time' }),
    finish: nullable(Type.String({ format: 'date-time' })),
    nextTry: nullable(Type.String({ format: 'date-time' })),
    tries: Type.Array(trySchema),
  },
  { title: 'Delivery', description: 'What was told to whom, and how each try went.' },
);

export const deliveriesPage = Type.Object(
  { deliveries: Type.Array(deliverySchema), nextCursor: nextCursorField },
  { description: 'A page of deliveries.' },
);

export function viewDelivery(delivery: Delivery): Static<typeof deliverySchema> {
  const { id, jobId, run, owner, type, target, status, createdAt, endedAt, nextTryAt, tries } = delivery;
  return {
    id,
    job: jobId,
    run,
    owner,
    type,
    target: { kind: target.kind, url: target.url, endpoint: target.endpoint ?? null },
    status,
    created: isoTime(createdAt),
    finish: endedAt === undefined ? null : isoTime(endedAt),
    nextTry: nextTryAt === undefined ? null : isoTime(nextTryAt),
    tries: tries.map(({ at, status: answer, latencyMs, error }) => ({
      at: isoTime(at),
      status: answer ?? null,
      latency: latencyMs,
      error: error ?? null,
    })),
  };
}

export function viewPage(page: {
  deliveries: readonly Delivery[];
  nextCursor?: string;
}): Static<typeof deliveriesPage> {
  return { deliveries: page.deliveries.map(viewDelivery), nextCursor: page.nextCursor ?? null };
}
