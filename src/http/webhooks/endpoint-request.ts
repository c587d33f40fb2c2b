import Type, { type Static } from 'typebox';
import { type DeliveryTemplate, templateNames, unknownNames } from '../../jobs/delivery-template.ts';
import { nullable } from '../../web/nullable.ts';
import { isDeeper } from '../json-depth.ts';
import {
  refused,
  type WebhookChecks,
  webhookEventsSchema,
  webhookUrl,
  webhookUrlSchema,
} from './webhook-request.ts';

const maxTemplateBytes = 8_192;
const maxTemplateDepth = 16;

const templateSchema = Type.Record(Type.String(), Type.Unknown(), {
  description: `the body to send instead of ours, with ${templateNames.map(name => `{{${name}}}`).join(', ')} in its strings`,
});

/** What can be said of an endpoint, at its creation and later. */
const fields = {
  events: Type.Optional(webhookEventsSchema),
  enabled: Type.Optional(Type.Boolean({ description: 'whether it is told anything. Default true' })),
};

export const newEndpointSchema = Type.Object(
  { url: webhookUrlSchema, ...fields, template: Type.Optional(templateSchema) },
  { additionalProperties: false, title: 'NewWebhookEndpoint' },
);

export const endpointChangesSchema = Type.Object(
  {
    url: Type.Optional(webhookUrlSchema),
    ...fields,
    template: Type.Optional(nullable(templateSchema, { description: 'null takes it away' })),
  },
  { additionalProperties: false, title: 'WebhookEndpointChanges' },
);

type Requested = Static<typeof endpointChangesSchema>;

/** What fits its schema, checked for what a schema can't say. Throws `invalid-request` with a pointer. */
export function checkedEndpoint(requested: Requested, checks: WebhookChecks) {
  const { url, events, enabled, template } = requested;
  if (template) checkTemplate(template);
  return {
    ...(url !== undefined && { url: webhookUrl(url, '/url', checks) }),
    ...(events !== undefined && { events }),
    ...(enabled !== undefined && { enabled }),
    ...(template !== undefined && { template: template as DeliveryTemplate }),
  };
}

function checkTemplate(template: object): void {
  if (isDeeper(template, maxTemplateDepth)) {
    throw refused('/template', `is more than ${maxTemplateDepth} levels deep.`);
  }
  if (Buffer.byteLength(JSON.stringify(template)) > maxTemplateBytes) {
    throw refused('/template', `is larger than ${maxTemplateBytes} bytes of JSON.`);
  }
  const [unknown] = unknownNames(template as DeliveryTemplate);
  if (unknown === undefined) return;
  throw refused(
    '/template',
    `has {{${unknown}}}, which stands for nothing; accepted: ${templateNames.join(', ')}.`,
  );
}
