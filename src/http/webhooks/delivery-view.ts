import Type, { type Static } from 'typebox';
import {
  type Delivery,
  deliveryStatuses,
  deliveryTypes,
  type LoggedTarget,
} from '../../jobs/delivery-log.ts';
import { isoTime } from '../../jobs/iso-time.ts';
import { nullable } from '../../web/nullable.ts';
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
    job: nullable(Type.String({ format: 'uuid' })),
    group: nullable(
      Type.String({
        format: 'uuid',
        description: 'Of jobs that came in one event; null where it tells of one job.',
      }),
    ),
    run: Type.Integer({ description: 'Of the job, or which end of the group this was.' }),
    owner: Type.String(),
    type: Type.Enum([...deliveryTypes], { type: 'string' }),
    target: Type.Object({
      kind: Type.Enum(['webhook', 'kafka', 'sqs', 'mongodb'], { type: 'string' }),
      url: nullable(Type.String({ description: 'Of a webhook.' })),
      name: nullable(Type.String({ description: 'Of a topic, a queue or a collection.' })),
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
  const { id, jobId, groupId, run, owner, type, target, status, createdAt, endedAt, nextTryAt, tries } =
    delivery;
  return {
    id,
    job: jobId ?? null,
    group: groupId ?? null,
    run,
    owner,
    type,
    target: viewTarget(target),
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

function viewTarget(target: LoggedTarget): Static<typeof deliverySchema>['target'] {
  const none = { url: null, name: null, endpoint: null };
  switch (target.kind) {
    case 'webhook':
      return { ...none, kind: 'webhook', url: target.url, endpoint: target.endpoint ?? null };
    case 'kafka':
      return { ...none, kind: 'kafka', name: target.topic };
    case 'sqs':
      return { ...none, kind: 'sqs', name: target.queue };
    case 'mongodb':
      return { ...none, kind: 'mongodb', name: target.collection };
  }
}

export function viewPage(page: {
  deliveries: readonly Delivery[];
  nextCursor?: string;
}): Static<typeof deliveriesPage> {
  return { deliveries: page.deliveries.map(viewDelivery), nextCursor: page.nextCursor ?? null };
}
