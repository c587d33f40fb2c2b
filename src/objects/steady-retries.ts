import type { S3ClientConfig } from '@aws-sdk/client-s3';

const mostRetries = 3;
const firstDelayMs = 200;

/**
 * Tries a request again that met a passing fault: three times, after up to 0.2, 0.6 and 1.8 s at random. The SDK's own
 * way has a budget for all requests together, so that under lasting faults most are not tried again at all; here that
 * costs more than it saves, because a job that fails for one request fetches and renders everything again.
 */
export const steadyRetries = {
  acquireInitialRetryToken: async () => token(0),
  async refreshRetryTokenForRetry(last, { errorType }) {
    const passes = errorType === 'TRANSIENT' || errorType === 'THROTTLING';
    if (!passes || last.getRetryCount() === mostRetries) throw new Error('There is no other try.');
    return token(last.getRetryCount() + 1);
  },
  recordSuccess() {},
} satisfies S3ClientConfig['retryStrategy'];

/** @param retries from 0, which is the first try */
function token(retries: number) {
  const delayMs = retries === 0 ? 0 : Math.random() * firstDelayMs * 3 ** (retries - 1);
  return { getRetryCount: () => retries, getRetryDelay: () => delayMs };
}
