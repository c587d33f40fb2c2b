import { SQSClient, SQSServiceException } from '@aws-sdk/client-sqs';

/** SQS's limit for the messages of one request. */
export const sqsBatch = 10;

/** Milliseconds. SQS holds a request for a message open for 20 s. */
const connectMs = 5_000;
const answerMs = 30_000;

export interface SqsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/**
 * A client for a queue, by its URL. Credentials that are not given, and the region where the URL does not name it, come
 * from where the AWS SDK looks for them.
 */
export function sqsClient(queueUrl: string, credentials?: SqsCredentials): SQSClient {
  const region = regionOf(queueUrl);
  return new SQSClient({
    maxAttempts: 2,
    requestHandler: { connectionTimeout: connectMs, requestTimeout: answerMs, throwOnRequestTimeout: true },
    ...(region !== undefined && { region }),
    ...(credentials && { credentials }),
  });
}

/** Whether SQS has understood and said no: asking again will not help. */
export function isSqsRefusal(error: unknown): error is SQSServiceException {
  return error instanceof SQSServiceException && error.$fault === 'client' && !error.$retryable;
}

/** `https://sqs.eu-central-1.amazonaws.com/123456789012/jobs` names its region. */
function regionOf(queueUrl: string): string | undefined {
  return /^sqs\.([a-z0-9-]+)\.amazonaws\.com/.exec(new URL(queueUrl).hostname)?.[1];
}
