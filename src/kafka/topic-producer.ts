import { ensureTopic } from './ensure-topic.ts';
import { type KafkaSettings, kafkaIdempotentProducer, type Producer } from './kafka-clients.ts';

export interface ProducedMessage {
  readonly key: string;
  readonly value: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
}

/** Writes to topics, each of which it makes where there is none. A message is written once its send has resolved. */
export class TopicProducer {
  readonly #settings: KafkaSettings;
  readonly #namedBy: string;
  readonly #made = new Map<string, Promise<void>>();
  #producer: Producer | undefined;

  /** @param namedBy who names the topics, for messages: a variable, say */
  constructor(settings: KafkaSettings, namedBy: string) {
    this.#settings = settings;
    this.#namedBy = namedBy;
  }

  /** Throws `invalid-configuration` when the brokers refuse topic or login, else the client's own error. */
  async send(topic: string, messages: readonly ProducedMessage[]): Promise<void> {
    await this.#make(topic);
    this.#producer ??= kafkaIdempotentProducer(this.#settings, { retries: 12, retryDelay: 250 });
    const producer = this.#producer;
    try {
      await producer.send({ messages: messages.map(message => written(topic, message)) });
    } catch (error) {
      // The topic may be no more; the next one asks anew where it is.
      this.#made.delete(topic);
      if (this.#producer === producer) this.#producer = undefined;
      await producer.close(true).catch(() => {});
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#producer?.close(true).catch(() => {});
    this.#producer = undefined;
  }

  async #make(topic: string): Promise<void> {
    const made = this.#made.get(topic) ?? ensureTopic(this.#settings, topic, this.#namedBy);
    this.#made.set(topic, made);
    try {
      await made;
    } catch (error) {
      this.#made.delete(topic);
      throw error;
    }
  }
}

function written(topic: string, { key, value, headers }: ProducedMessage) {
  const pairs = Object.entries(headers).map(
    ([name, text]) => [Buffer.from(name), Buffer.from(text)] as const,
  );
  return { topic, key: Buffer.from(key), value: Buffer.from(value), headers: new Map(pairs) };
}
