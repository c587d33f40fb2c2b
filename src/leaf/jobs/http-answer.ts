import { shortReason } from '../../errors/short-reason.ts';
import { TintypeError } from '../../errors/tintype-error.ts';

/** For one answer, in milliseconds. */
const answerMs = 30_000;

export interface Ask {
  readonly method?: 'GET' | 'PUT' | 'POST' | 'DELETE';
  /** Bytes are sent as a JPEG, anything else as JSON. */
  readonly body?: Buffer | object;
  readonly signal: AbortSignal;
}

/**
 * The JSON that another service answers. Throws `source-unavailable` where it does not answer or asks to wait,
 * `source-not-found` for a 404, and `source-refused` with what it says where it refuses.
 * @param service in words, for messages: `the image API`
 */
export async function ask(
  service: string,
  url: string,
  { method = 'GET', body, signal }: Ask,
): Promise<unknown> {
  signal.throwIfAborted();
  const { status, text } = await exchange(service, url, { method, signal, ...content(body) });
  if (status >= 500 || status === 429) {
    throw new TintypeError('source-unavailable', `${service} answers ${status}: ${said(text)}`);
  }
  if (status === 404) throw new TintypeError('source-not-found', `${service} has none: ${said(text)}`);
  if (status >= 400)
    throw new TintypeError('source-refused', `${service} refuses with ${status}: ${said(text)}`);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new TintypeError('source-unavailable', `${service} answers what is no JSON.`, { cause });
  }
}

async function exchange(
  service: string,
  url: string,
  { signal, ...request }: RequestInit & { signal: AbortSignal },
) {
  try {
    const timeout = AbortSignal.timeout(answerMs);
    const answer = await fetch(url, { ...request, signal: AbortSignal.any([signal, timeout]) });
    return { status: answer.status, text: await answer.text() };
  } catch (cause) {
    signal.throwIfAborted();
    const reason = cause instanceof Error && cause.cause !== undefined ? cause.cause : cause;
    throw new TintypeError('source-unavailable', `${service} does not answer: ${shortReason(reason)}`, {
      cause,
    });
  }
}

function content(body: Buffer | object | undefined): Pick<RequestInit, 'body' | 'headers'> {
  if (body === undefined) return {};
  if (Buffer.isBuffer(body)) {
    return { body: new Uint8Array(body), headers: { 'content-type': 'image/jpeg' } };
  }
  return { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
}

/** What a problem says, or the start of anything else. */
function said(text: string): string {
  try {
    const { detail } = JSON.parse(text) as { detail?: unknown };
    if (typeof detail === 'string') return detail;
  } catch {
    // No JSON.
  }
  return text.slice(0, 200);
}
