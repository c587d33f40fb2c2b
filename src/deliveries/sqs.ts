import type { GroupReport } from '../jobs/group-report.ts';
import { type GroupAnswer, type MessagePublisher, tryMessage } from './message.ts';
import type { DeliveryDriver, DeliveryTo, Outcome } from './outcome.ts';

/** Tells SQS queues of groups. */
export class SqsDriver implements DeliveryDriver<'sqs'> {
  readonly #publisher: MessagePublisher;
  readonly #answer: GroupAnswer;

  constructor(publisher: MessagePublisher, answer: GroupAnswer) {
    this.#publisher = publisher;
    this.#answer = answer;
  }

  try(delivery: DeliveryTo<'sqs'>, signal: AbortSignal): Promise<Outcome> {
    const { id, groupId = id, orderKey = groupId, body, target } = delivery;
    const tell = (inTime: AbortSignal) => {
      const bytes = Buffer.from(this.#answer(JSON.parse(body) as GroupReport));
      return this.#publisher.publish({ target: target.queue, id, key: orderKey, bytes }, inTime);
    };
    return tryMessage(delivery, tell, signal);
  }
}
