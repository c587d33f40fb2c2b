import { createHash } from 'node:crypto';
import { QueueDoesNotExist, SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { TintypeError } from '../errors/tintype-error.ts';
import type { QueueDirectory } from '../sqs/queue-directory.ts';
import { isSqsRefusal } from '../sqs/sqs-client.ts';
import type { Message, MessagePublisher } from './message.ts';

/** What SQS takes as a message group: 128 of these characters. */
const groupName = /^[A-Za-z0-9!-/:-@[-`{-~]{1,128}$/;

/** What is wrong with the message itself, by the names of SQS's faults. */
const refusals = new Set([
  'InvalidMessageContents',
  'InvalidParameterValue',
  'InvalidParameterValueException',
]);

/** Sends to queues by their names; FIFO queues get the message's key as its group, and its id against doubles. */
export class SqsPublisher implements MessagePublisher {
  readonly #client: SQSClient;
  readonly #directory: Pick<QueueDirectory, 'urlOf'>;

  /** @param client of the account and region whose queues are in the directory */
  constructor(client: SQSClient, directory: Pick<QueueDirectory, 'urlOf'>) {
    this.#client = client;
    this.#directory = directory;
  }

  async publish({ target, id, key, bytes }: Message, signal: AbortSignal): Promise<void> {
    const isFifo = target.endsWith('.fifo');
    try {
      const QueueUrl = await this.#urlOf(target);
      const command = new SendMessageCommand({
        QueueUrl,
        MessageBody: Buffer.from(bytes).toString(),
        ...(isFifo && { MessageGroupId: groupOf(key), MessageDeduplicationId: id }),
      });
      await this.#client.send(command, { abortSignal: signal });
    } catch (error) {
      signal.throwIfAborted();
      throw sqsFault(error);
    }
  }

  async #urlOf(target: string): Promise<string> {
    const url = await this.#directory.urlOf(target);
    if (url !== undefined) return url;
    throw new TintypeError('invalid-request', `There is no queue ‘${target}’.`);
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
