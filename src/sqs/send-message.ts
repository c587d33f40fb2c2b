import { randomUUID } from 'node:crypto';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { TintypeError } from '../errors/tintype-error.ts';
import { type SqsCredentials, sqsClient } from './sqs-client.ts';

/**
 * Sends one message; resolves to its id. Throws `storage-unavailable` when SQS did not take it.
 * @param group of a FIFO queue; of no meaning on others
 */
export async function sendMessage(
  queueUrl: string,
  body: string,
  group: string,
  credentials?: SqsCredentials,
): Promise<string | undefined> {
  const client = sqsClient(queueUrl, credentials);
  const fifo = { MessageGroupId: group, MessageDeduplicationId: randomUUID() };
  const message = { QueueUrl: queueUrl, MessageBody: body, ...(queueUrl.endsWith('.fifo') && fifo) };
  try {
    return (await client.send(new SendMessageCommand(message))).MessageId;
  } catch (cause) {
    throw new TintypeError('storage-unavailable', 'SQS did not take the message.', { cause });
  } finally {
    client.destroy();
  }
}
