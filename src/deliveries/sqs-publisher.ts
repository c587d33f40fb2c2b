import { createHash } from 'node:crypto';
import { QueueDoesNotExist, SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { TintypeError } from '../errors/tintype-error.ts';
import { isSqsRefusal, type SqsCredentials, sqsClient } from '../sqs/sqs-client.ts';
import type { Message, MessagePublisher } from './message.ts';

/** What SQS takes as a message group: 128 of these characters. */
const groupName = /^[A-Za-z0-9!-/:-@[-`{-~]{1,128}$/;

/** What is wrong with the message itself, by the names of SQS's faults. */
const refusals = new Set([
  'InvalidMessageContents',
  'InvalidParameterValue',
  'InvalidParameterValueException',
]);

/** Sends to any queues by their URLs; FIFO queues get the message's key as its group, and its id against doubles. */
export class SqsPublisher implements MessagePublisher {
  readonly #credentials: SqsCredentials | undefined;
  /** One for each host: those of AWS are one a region. */
  readonly #clients = new Map<string, SQSClient>();

  /** @param credentials left out, those that the AWS SDK finds */
  constructor(credentials?: SqsCredentials) {
    this.#credentials = credentials;
  }

  async publish({ target, id, key, headers, bytes }: Message, signal: AbortSignal): Promise<void> {
    const isFifo = target.endsWith('.fifo');
    const attributes = Object.entries(headers).map(([name, StringValue]) => [
      name,
      { DataType: 'String', StringValue },
    ]);
    const command = new SendMessageCommand({
      QueueUrl: target,
      MessageBody: Buffer.from(bytes).toString(),
      ...(attributes.length > 0 && { MessageAttributes: Object.fromEntries(attributes) }),
      ...(isFifo && { MessageGroupId: groupOf(key), MessageDeduplicationId: id }),
    });
    try {
      await this.#client(target).send(command, { abortSignal: signal });
    } catch (error) {
      signal.throwIfAborted();
      throw sqsFault(error);
    }
  }

  close(): void {
    for (const client of this.#clients.values()) client.destroy();
  }

  #client(queueUrl: string): SQSClient {
    const host = URL.parse(queueUrl)?.host;
    if (host === undefined) throw new TintypeError('invalid-request', `'${queueUrl}' is no queue’s URL.`);
    const client = this.#clients.get(host) ?? sqsClient(queueUrl, this.#credentials);
    this.#clients.set(host, client);
    return client;
  }
}

/** A name that SQS takes: the key, or its hash. */
function groupOf(key: string): string {
  return groupName.test(key) ? key : createHash('sha256').update(key).digest('hex');
}

function sqsFault(error: unknown): TintypeError {
  if (error instanceof TintypeError) return error;
  if (error instanceof QueueDoesNotExist) {
    return new TintypeError('invalid-request', 'SQS has no such queue.', { cause: error });
  }
  if (!isSqsRefusal(error)) {
    return new TintypeError('storage-unavailable', 'SQS can’t be reached, or can’t answer now.', {
      cause: error,
    });
  }
  const message = `SQS refuses the message: ${error.name}, ${error.message}`;
  return new TintypeError(refusals.has(error.name) ? 'invalid-request' : 'internal', message, {
    cause: error,
  });
}
