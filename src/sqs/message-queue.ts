import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  type Message,
  QueueDoesNotExist,
  ReceiveMessageCommand,
  SendMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { TintypeError } from '../errors/tintype-error.ts';
import { isSqsRefusal, type SqsCredentials, sqsBatch, sqsClient } from './sqs-client.ts';

/** A message that was received and not deleted yet. */
export interface ReceivedMessage {
  readonly id: string;
  readonly body: string;
  /** Of a FIFO queue. */
  readonly groupId?: string;
  /** How often it was received, this time included. */
  readonly receives: number;
  /** What deletes it. */
  readonly handle: string;
}

/** Longest time that SQS holds a request open for a message, in seconds. */
const longestWait = 20;
/** 14 days, in seconds: SQS's limit. */
const longestKept = '1209600';
/** Characters of a reason that go into a message attribute. */
const longestReason = 500;

/** A queue of messages, standard or FIFO, and its dead letters. */
export class MessageQueue {
  readonly url: string;
  /** Of the account and region that the queue is in. */
  readonly client: SQSClient;
  readonly #isFifo: boolean;
  #deadLettersUrl: string | undefined;

  constructor(url: string, credentials?: SqsCredentials) {
    this.url = url;
    this.client = sqsClient(url, credentials);
    this.#isFifo = url.endsWith('.fifo');
  }

  /** Throws `invalid-configuration` when SQS says that this queue can't be used. One that is away is waited for later. */
  async check(signal: AbortSignal): Promise<void> {
    const question = new GetQueueAttributesCommand({ QueueUrl: this.url, AttributeNames: ['QueueArn'] });
    try {
      await this.client.send(question, { abortSignal: signal });
    } catch (error) {
      if (!isSqsRefusal(error)) return;
      const message = `QUEUE_URL is '${this.url}', and SQS refuses it: ${error.name}, ${error.message}`;
      throw new TintypeError('invalid-configuration', message, { cause: error });
    }
  }

  /** Up to ten messages, as soon as there are any; none after 20 seconds. */
  async receive(signal: AbortSignal): Promise<ReceivedMessage[]> {
    const command = new ReceiveMessageCommand({
      QueueUrl: this.url,
      MaxNumberOfMessages: sqsBatch,
      WaitTimeSeconds: longestWait,
      MessageSystemAttributeNames: ['ApproximateReceiveCount', 'MessageGroupId'],
    });
    const { Messages = [] } = await this.client.send(command, { abortSignal: signal });
    return Messages.map(message => read(message, this.#isFifo));
  }

  /** One that could not be deleted comes again. */
  async delete(messages: readonly ReceivedMessage[]): Promise<void> {
    if (messages.length === 0) return;
    const Entries = messages.map(({ handle }, index) => ({ Id: String(index), ReceiptHandle: handle }));
    await this.client.send(new DeleteMessageBatchCommand({ QueueUrl: this.url, Entries }));
  }

  /** Puts a copy among the dead letters, with the reason as the attribute `reason`; the queue is made if there is none. */
  async bury(message: ReceivedMessage, reason: string): Promise<void> {
    this.#deadLettersUrl ??= await this.#deadLetters();
    await this.client.send(
      new SendMessageCommand({
        QueueUrl: this.#deadLettersUrl,
        MessageBody: message.body,
        MessageAttributes: {
          reason: { DataType: 'String', StringValue: printable(reason) },
          'message-id': { DataType: 'String', StringValue: message.id },
        },
        // The second of two tries at the same message within five minutes is no second dead letter.
        ...(this.#isFifo && {
          MessageGroupId: message.groupId ?? 'dead-letters',
          MessageDeduplicationId: message.id,
        }),
      }),
    );
  }

  close(): void {
    this.client.destroy();
  }

  async #deadLetters(): Promise<string> {
    const name = this.url.split('/').at(-1) ?? '';
    const plain = name.replace(/\.fifo$/, '');
    const QueueName = `${plain}-dead-letters${this.#isFifo ? '.fifo' : ''}`;
    const { QueueUrl } = await this.client.send(new GetQueueUrlCommand({ QueueName })).catch(error => {
      if (!(error instanceof QueueDoesNotExist)) throw error;
      const Attributes = { MessageRetentionPeriod: longestKept, ...(this.#isFifo && { FifoQueue: 'true' }) };
      return this.client.send(new CreateQueueCommand({ QueueName, Attributes }));
    });
    if (QueueUrl === undefined) throw new Error(`SQS tells no URL of ${QueueName}.`);
    return QueueUrl;
  }
}

/** Messages of standard queues may have groups too, which mean no order. */
function read(
  { MessageId, Body, ReceiptHandle, Attributes = {} }: Message,
  isFifo: boolean,
): ReceivedMessage {
  if (!MessageId || !ReceiptHandle) throw new Error('SQS has sent a message without an id.');
  return {
    id: MessageId,
    body: Body ?? '',
    receives: Number(Attributes.ApproximateReceiveCount ?? 1),
    handle: ReceiptHandle,
    ...(isFifo && Attributes.MessageGroupId !== undefined && { groupId: Attributes.MessageGroupId }),
  };
}

/** Attributes hold characters of XML 1.0 alone. */
function printable(reason: string): string {
  return reason.replace(/[^\x20-\uD7FF]/g, '?').slice(0, longestReason);
}
