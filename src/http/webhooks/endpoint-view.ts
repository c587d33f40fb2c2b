import Type, { type Static } from 'typebox';
import { isoTime } from '../../jobs/iso-time.ts';
import { webhookEvents } from '../../jobs/webhook.ts';
import type { WebhookEndpoint } from '../../jobs/webhook-endpoint-store.ts';
import { nullable } from '../../web/nullable.ts';

const fields = {
  id: Type.String({ format: 'uuid' }),
  owner: Type.String(),
  url: Type.String(),
  events: Type.Array(Type.Enum([...webhookEvents], { type: 'string' })),
  enabled: Type.Boolean({ description: 'An answer of 410 switches it off.' }),
  template: nullable(Type.Record(Type.String(), Type.Unknown())),
  created: Type.String({ format: 'date-time' }),
  previousSecretEnds: nullable(Type.String({ format: 'date-time' }), {
    description: 'Until when the secret before the present one signs as well.',
  }),
};

export const endpointSchema = Type.Object(fields, {
  title: 'WebhookEndpoint',
  description: 'An address that is told of each of its owner’s jobs.',
});

export const endpointWithSecretSchema = Type.Object(
  { ...fields, secret: Type.String({ description: 'Shown this once.' }) },
  { title: 'WebhookEndpointWithSecret', description: 'The endpoint with its new signing secret.' },
);

export const endpointParams = Type.Object({ id: Type.String({ description: "The endpoint's id." }) });

export function viewEndpoint(endpoint: WebhookEndpoint): Static<typeof endpointSchema> {
  const { id, owner, url, events, enabled, template, createdAt, previousSecretEndsAt: ends } = endpoint;
  return {
    id,
    owner,
    url,
    events: [...events],
    enabled,
    template: (template ?? null) as Record<string, unknown> | null,
    created: isoTime(createdAt),
    previousSecretEnds: ends === undefined || ends <= Date.now() ? null : isoTime(ends),
  };
}
