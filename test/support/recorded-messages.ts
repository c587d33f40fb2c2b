import type { Message, MessagePublisher } from '../../src/deliveries/message.ts';
import { TintypeError } from '../../src/errors/tintype-error.ts';

/** Keeps what it is given; while it is `away` it takes nothing. */
export class RecordedMessages implements MessagePublisher {
  readonly messages: Message[] = [];
  away = false;
  refused = 0;

  async publish(message: Message): Promise<void> {
    if (this.away) {
      this.refused += 1;
      throw new TintypeError('storage-unavailable', 'The broker is away.');
    }
    this.messages.push(message);
  }
}
