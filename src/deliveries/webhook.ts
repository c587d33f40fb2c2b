import { Webhook } from 'standardwebhooks';
import { TintypeError } from '../errors/tintype-error.ts';
import type { Poster } from '../fetch/poster.ts';
import type { ClaimedDelivery, DeliveryTry } from '../jobs/delivery-store.ts';
import type { SecretBox } from '../secrets/secret-box.ts';
import { retryAfterMs } from './schedule.ts';

export interface WebhookParts {
  readonly poster: Poster;
  readonly secrets: SecretBox;
}

/** What came of one try. */
export interface Outcome {
  readonly made: DeliveryTry;
  readonly result: 'delivered' | 'again' | 'failed';
  /** The receiver wants no more. */
  readonly gone: boolean;
  /** What the receiver asked to wait, in milliseconds. */
  readonly retryAfterMs?: number;
}

const gone = 410;
/** Too many requests, unavailable: answers whose `Retry-After` counts. */
const busyStatuses = new Set([429, 503]);

/** One try at a webhook, signed now (Standard Webhooks). Throws the signal's reason alone: any other fault is an outcome. */
export async function tryWebhook(
  { id, target, body }: ClaimedDelivery,
  { poster, secrets }: WebhookParts,
  signal: AbortSignal,
): Promise<Outcome> {
  const at = Date.now();
  const start = performance.now();
  const made = (rest: Pick<DeliveryTry, 'status' | 'error'>) => ({
    at,
    latencyMs: Math.round(performance.now() - start),
    ...rest,
  });
  if (target.closed !== undefined) {
    const deleted = target.closed === 'deleted';
    const error = deleted ? 'The endpoint was deleted.' : 'The endpoint is switched off.';
    return { made: made({ error }), result: deleted ? 'failed' : 'again', gone: false };
  }
  try {
    const headers = signedHeaders(
      id,
      body,
      target.secrets.map(each => secrets.open(each)),
    );
    const answer = await poster.post(target.url, headers, body, signal);
    const { status } = answer;
    if (status >= 200 && status < 300) return { made: made({ status }), result: 'delivered', gone: false };
    const wait = busyStatuses.has(status) ? retryAfterMs(answer.retryAfter) : undefined;
    return {
      made: made({ status, error: complaint(status) }),
      result: status === gone ? 'failed' : 'again',
      gone: status === gone,
      ...(wait !== undefined && { retryAfterMs: wait }),
    };
  } catch (thrown) {
    signal.throwIfAborted();
    return { made: made({ error: TintypeError.from(thrown).message }), result: 'again', gone: false };
  }
}

/** Each secret signs; without any, nothing is signed. */
function signedHeaders(id: string, body: string, secrets: readonly string[]): Record<string, string> {
  const now = new Date();
  const signatures = secrets.map(secret => new Webhook(secret).sign(id, now, body));
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
