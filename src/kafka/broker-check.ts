import { inTime } from '../errors/in-time.ts';
import { shortReason } from '../errors/short-reason.ts';
import { type Admin, type KafkaSettings, kafkaAdmin } from './kafka-clients.ts';

/** Whoever asks waits no longer: brokers that hang take much longer to fail. Milliseconds. */
const answerMs = 3_000;

/** Asks the brokers whether they are there. */
export class BrokerCheck {
  readonly #admin: Admin;

  constructor(settings: KafkaSettings) {
    this.#admin = kafkaAdmin(settings, { retries: 0, retryDelay: 0 });
  }

  /** What is wrong with them, or null. */
  async fault(): Promise<string | null> {
    try {
      await inTime(answerMs, this.#admin.metadata({ topics: [], forceUpdate: true }));
      return null;
    } catch (error) {
      return `Kafka does not answer: ${shortReason(error)}`;
    }
  }

  async close(): Promise<void> {
    await this.#admin.close().catch(() => {});
  }
}
