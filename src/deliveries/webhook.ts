import { Webhook } from 'standardwebhooks';
import { TintypeError } from '../errors/tintype-error.ts';
import type { Poster } from '../fetch/poster.ts';
import type { GroupReport } from '../jobs/group-report.ts';
import type { SecretBox } from '../secrets/secret-box.ts';
import { asSigningSecret } from '../secrets/signing-secret.ts';
import type { GroupAnswer } from './message.ts';
import { type DeliveryDriver, type DeliveryTo, type Outcome, startTry } from './outcome.ts';
import { retryAfterMs } from './schedule.ts';

export interface WebhookParts {
  readonly poster: Poster;
  readonly secrets: SecretBox;
  /** Tells of a group. */
  readonly answer: GroupAnswer;
}

const gone = 410;
/** Too many requests, unavailable: answers whose `Retry-After` counts. */
const busyStatuses = new Set([429, 503]);

/** Webhooks of jobs, of their owners and of groups, signed at each try (Standard Webhooks). */
export class WebhookDriver implements DeliveryDriver<'webhook'> {
  readonly #parts: WebhookParts;

  constructor(parts: WebhookParts) {
    this.#parts = parts;
  }

  async try({ id, target, body, groupId }: DeliveryTo<'webhook'>, signal: AbortSignal): Promise<Outcome> {
    const { poster, secrets, answer } = this.#parts;
    const made = startTry();
    if (target.closed !== undefined) {
      const deleted = target.closed === 'deleted';
      const error = deleted ? 'The endpoint was deleted.' : 'The endpoint is switched off.';
      return { made: made({ error }), result: deleted ? 'failed' : 'again' };
    }
    try {
      const known = target.secrets.map(each => secrets.open(each));
      const sent = groupId === undefined ? body : answer(JSON.parse(body) as GroupReport, known[0]);
      const headers = signedHeaders(id, sent, known);
      const response = await poster.post(target.url, headers, sent, signal);
      const { status } = response;
      if (status >= 200 && status < 300) return { made: made({ status }), result: 'delivered' };
      const wait = busyStatuses.has(status) ? retryAfterMs(response.retryAfter) : undefined;
      return {
        made: made({ status, error: complaint(status) }),
        result: status === gone ? 'failed' : 'again',
        gone: status === gone,
        ...(wait !== undefined && { retryAfterMs: wait }),
      };
    } catch (thrown) {
      signal.throwIfAborted();
      return { made: made({ error: TintypeError.from(thrown).message }), result: 'again' };
    }
  }
}

/** Each secret signs; without any, nothing is signed. */
function signedHeaders(id: string, body: string, secrets: readonly string[]): Record<string, string> {
  const now = new Date();
  const signatures = secrets.map(secret => new Webhook(asSigningSecret(secret)).sign(id, now, body));
  return {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
    ...(signatures.length > 0 && { 'webhook-signature': signatures.join(' ') }),
  };
}

function complaint(status: number): string {
  if (status === gone) return 'HTTP 410: the receiver wants no more.';
  if (status >= 300 && status < 400) return `HTTP ${status}: a redirect, which is not followed.`;
  return `HTTP ${status}.`;
}
