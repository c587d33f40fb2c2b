import { randomUUID } from 'node:crypto';
import {
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { TintypeError } from '../errors/tintype-error.ts';
import { sqsBatch as batch, isSqsRefusal, sqsClient } from '../sqs/sqs-client.ts';
import { type Broker, longestBlockSeconds } from './broker.ts';

const requestsAtOnce = 10;

/** Doorbells as the messages of an SQS queue, standard or FIFO, deleted as soon as they are received. */
export class SqsBroker implements Broker {
  readonly name = 'SQS';
  readonly #client: SQSClient;
  readonly #queueUrl: string;
  readonly #isFifo: boolean;
  readonly #closing = new AbortController();

  /** Credentials, and the region where the queue's address does not name it, come from where the AWS SDK looks for them. */
  constructor(queueUrl: string) {
    this.#queueUrl = queueUrl;
    this.#isFifo = queueUrl.endsWith('.fifo');
    this.#client = sqsClient(queueUrl);
  }

  async check(): Promise<void> {
    const question = new GetQueueAttributesCommand({
      QueueUrl: this.#queueUrl,
      AttributeNames: ['ApproximateNumberOfMessages'],
    });
    try {
      await this.#client.send(question, { abortSignal: this.#closing.signal });
    } catch (error) {
      if (!isSqsRefusal(error)) throw error;
      const message = `JOB_QUEUE_URL is 'sqs:${this.#queueUrl}', and SQS refuses it: ${error.name}, ${error.message}`;
      throw new TintypeError('invalid-configuration', message, { cause: error });
    }
  }

  async publish(count: number): Promise<void> {
    for (let sent = 0; sent < count; sent += batch * requestsAtOnce) {
      const sizes = batches(Math.min(count - sent, batch * requestsAtOnce));
      await Promise.all(sizes.map(size => this.#send(size)));
    }
  }

  async take(most: number): Promise<void> {
    await Promise.all(batches(most).map(size => this.#receive(size, 0)));
  }

  async wait(): Promise<boolean> {
    return (await this.#receive(1, longestBlockSeconds)) > 0;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#client.destroy();
  }

  async #send(size: number): Promise<void> {
    const entries = Array.from({ length: size }, (_, index) => ({
      Id: String(index),
      MessageBody: 'work',
      // Each is a group of its own: order means nothing, and no message may hide the next.
      ...(this.#isFifo && { MessageGroupId: randomUUID(), MessageDeduplicationId: randomUUID() }),
    }));
    const command = new SendMessageBatchCommand({ QueueUrl: this.#queueUrl, Entries: entries });
    const { Failed = [] } = await this.#client.send(command, { abortSignal: this.#closing.signal });
    if (Failed.length > 0) throw new Error(`SQS refused ${Failed.length} messages: ${Failed[0]?.Message}`);
  }

  async #receive(most: number, waitSeconds: number): Promise<number> {
    const command = new ReceiveMessageCommand({
      QueueUrl: this.#queueUrl,
      MaxNumberOfMessages: most,
      WaitTimeSeconds: waitSeconds,
    });
    const { Messages = [] } = await this.#client.send(command, { abortSignal: this.#closing.signal });
    if (Messages.length > 0) await this.#delete(Messages);
    return Messages.length;
  }

  /** What could not be deleted comes again and says once more that there is work. */
  async #delete(messages: readonly Message[]): Promise<void> {
    const Entries = messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
    await this.#client.send(new DeleteMessageBatchCommand({ QueueUrl: this.#queueUrl, Entries }));
  }
}

/** A count in parts that one request can take. */
function batches(count: number): number[] {
  const whole = Array.from({ length: Math.floor(count / batch) }, () => batch);
  return count % batch === 0 ? whole : [...whole, count % batch];
}
