import { randomUUID } from 'node:crypto';
import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  type Message,
  QueueDoesNotExist,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';

/** A queue of resize messages, as its producers and operators see it. The AWS SDK is told of the server by the environment. */
export class ResizeQueue implements Disposable {
  readonly url: string;
  readonly #client: SQSClient;

  private constructor(client: SQSClient, url: string) {
    this.#client = client;
    this.url = url;
  }

  /** @param visibilitySeconds after which a message that was received and not deleted comes again */
  static async create(
    kind: 'standard' | 'fifo',
    visibilitySeconds: number,
    name = `resize-${randomUUID()}`,
  ): Promise<ResizeQueue> {
    const client = new SQSClient();
    const isFifo = kind === 'fifo';
    const { QueueUrl } = await client.send(
      new CreateQueueCommand({
        QueueName: name + (isFifo ? '.fifo' : ''),
        Attributes: { VisibilityTimeout: String(visibilitySeconds), ...(isFifo && { FifoQueue: 'true' }) },
      }),
    );
    return new ResizeQueue(client, QueueUrl ?? '');
  }

  /** `group` of a FIFO queue. */
  async send(bodies: readonly string[], group = 'one'): Promise<void> {
    for (let from = 0; from < bodies.length; from += 10) {
      await this.#client.send(
        new SendMessageBatchCommand({
          QueueUrl: this.url,
          Entries: bodies.slice(from, from + 10).map((MessageBody, index) => ({
            Id: String(index),
            MessageBody,
            ...(this.#isFifo && { MessageGroupId: group, MessageDeduplicationId: randomUUID() }),
          })),
        }),
      );
    }
  }

  /** Resolves once so many messages have come, which are deleted. */
  async take(count: number, withinMs = 30_000): Promise<readonly string[]> {
    const bodies: string[] = [];
    const deadline = performance.now() + withinMs;
    while (bodies.length < count) {
      if (performance.now() > deadline) throw new Error(`${bodies.length} of ${count} messages have come.`);
      const { Messages = [] } = await this.#client.send(
        new ReceiveMessageCommand({
          QueueUrl: this.url,
          MaxNumberOfMessages: Math.min(10, count - bodies.length),
          WaitTimeSeconds: 1,
        }),
      );
      bodies.push(...Messages.map(({ Body = '' }) => Body));
      await this.#delete(Messages);
    }
    return bodies;
  }

  /** Messages that wait, and those that somebody has received and not deleted. */
  async backlog(): Promise<number> {
    const AttributeNames = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] as const;
    const { Attributes = {} } = await this.#client.send(
      new GetQueueAttributesCommand({ QueueUrl: this.url, AttributeNames: [...AttributeNames] }),
    );
    return AttributeNames.reduce((sum, name) => sum + Number(Attributes[name] ?? 0), 0);
  }

  /** All that there are now; they stay, hidden for a while. */
  async deadLetters(): Promise<readonly { body: string; reason: string }[]> {
    const name = this.url.split('/').at(-1) ?? '';
    const QueueName = `${name.replace(/\.fifo$/, '')}-dead-letters${this.#isFifo ? '.fifo' : ''}`;
    const QueueUrl = await this.#urlOf(QueueName);
    if (QueueUrl === undefined) return [];
    const all: Message[] = [];
    for (;;) {
      const { Messages = [] } = await this.#client.send(
        new ReceiveMessageCommand({
          QueueUrl,
          MaxNumberOfMessages: 10,
          MessageAttributeNames: ['All'],
          VisibilityTimeout: 5,
        }),
      );
      if (Messages.length === 0) break;
      all.push(...Messages);
    }
    return all.map(({ Body = '', MessageAttributes = {} }) => ({
      body: Body,
      reason: MessageAttributes.reason?.StringValue ?? '',
    }));
  }

  [Symbol.dispose](): void {
    this.#client.destroy();
  }

  get #isFifo(): boolean {
    return this.url.endsWith('.fifo');
  }

  async #delete(messages: readonly Message[]): Promise<void> {
    if (messages.length === 0) return;
    const Entries = messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
    await this.#client.send(new DeleteMessageBatchCommand({ QueueUrl: this.url, Entries }));
  }

  async #urlOf(QueueName: string): Promise<string | undefined> {
    try {
      return (await this.#client.send(new GetQueueUrlCommand({ QueueName }))).QueueUrl;
    } catch (error) {
      if (error instanceof QueueDoesNotExist) return undefined;
      throw error;
    }
  }
}
