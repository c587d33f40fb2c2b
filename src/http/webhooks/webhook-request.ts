import Type, { type Static } from 'typebox';
import { TintypeError } from '../../errors/tintype-error.ts';
import { type JobWebhook, webhookEvents } from '../../jobs/webhook.ts';
import { isSigningSecret, signingSecretForm } from '../../secrets/signing-secret.ts';
import type { HttpParts } from '../http-parts.ts';

const mostJobWebhooks = 5;

export const webhookUrlSchema = Type.String({
  pattern: '^[hH][tT][tT][pP][sS]?://',
  maxLength: 2048,
  description: 'an http or https address; private ones are refused',
});

export const webhookEventsSchema = Type.Array(Type.Enum([...webhookEvents], { type: 'string' }), {
  minItems: 1,
  maxItems: webhookEvents.length,
  uniqueItems: true,
  description: 'what is told',
});

/** The field `webhooks` of a job. */
export const jobWebhooksSchema = Type.Array(
  Type.Object(
    {
      url: webhookUrlSchema,
      events: Type.Optional(webhookEventsSchema),
      secret: Type.Optional(
        Type.String({ maxLength: 128, description: `signs what is told: ${signingSecretForm}` }),
      ),
    },
    { additionalProperties: false, title: 'JobWebhook' },
  ),
  { maxItems: mostJobWebhooks, description: 'Who is told when the job ends.' },
);

export type WebhookChecks = Pick<HttpParts, 'secrets' | 'checkWebhookUrl'>;

/** As it is stored: the secrets encrypted. Throws `invalid-request` with a pointer for what a schema can't say. */
export function jobWebhooks(
  requested: Static<typeof jobWebhooksSchema>,
  checks: WebhookChecks,
): JobWebhook[] {
  return requested.map(({ url, events, secret }, index) => {
    const pointer = `/webhooks/${index}`;
    if (secret !== undefined && !isSigningSecret(secret)) {
      throw refused(`${pointer}/secret`, `must be ${signingSecretForm}.`);
    }
    return {
      url: webhookUrl(url, `${pointer}/url`, checks),
      ...(events !== undefined && { events }),
      ...(secret !== undefined && { secret: checks.secrets.seal(secret) }),
    };
  });
}

/**
 * The address, normalised. What it resolves to is checked at each connection; this refuses, with a pointer, what the
 * URL alone gives away.
 */
export function webhookUrl(
  text: string,
  pointer: string,
  { checkWebhookUrl }: Pick<WebhookChecks, 'checkWebhookUrl'>,
): string {
  const url = URL.parse(text);
  if (url === null || url.hostname === '') throw refused(pointer, 'is not a valid http or https address.');
  try {
    checkWebhookUrl(url);
  } catch (error) {
    throw refused(pointer, `can’t be used: ${TintypeError.from(error).message}`);
  }
  url.hash = '';
  return url.href;
}

export function refused(pointer: string, complaint: string): TintypeError {
  return new TintypeError('invalid-request', `${pointer} ${complaint}`, { pointer });
}
