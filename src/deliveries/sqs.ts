import type { GroupReport } from '../jobs/group-report.ts';
import { type MessagePublisher, tryMessage } from './message.ts';
import type { DeliveryDriver, DeliveryTo, Outcome } from './outcome.ts';

/** Tells SQS queues of groups. */
export class SqsDriver implements DeliveryDriver<'sqs'> {
  readonly #publisher: MessagePublisher;
  readonly #answer: (report: GroupReport) => string;

  /** @param answer makes a message's body; of one report always the same */
  constructor(publisher: MessagePublisher, answer: (report: GroupReport) => string) {
    this.#publisher = publisher;
    this.#answer = answer;
  }

  try(delivery: DeliveryTo<'sqs'>, signal: AbortSignal): Promise<Outcome> {
    const { id, groupId = id, orderKey = groupId, body, target } = delivery;
    const make = () => {
      const bytes = Buffer.from(this.#answer(JSON.parse(body) as GroupReport));
      return { target: target.queue, id, key: orderKey, headers: {}, bytes };
    };
    return tryMessage(delivery, make, this.#publisher, signal);
  }
}
