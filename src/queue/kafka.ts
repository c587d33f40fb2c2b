import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { ensureTopic } from '../kafka/ensure-topic.ts';
import { type KafkaSettings, kafkaProducer, type Producer } from '../kafka/kafka-clients.ts';
import { type Broker, longestBlockSeconds } from './broker.ts';
import { KafkaReceiver } from './kafka-receiver.ts';

/** Of a topic that we make: as many processes of workers can be woken one by one. */
const partitions = 16;

/** A topic that was made just now has no leaders yet. */
const sending = { tries: 8, pauseMs: 250 };

/** Doorbells as the records of a topic, taken by one consumer group of all workers and committed at once. */
export class KafkaBroker implements Broker {
  readonly name = 'Kafka';
  readonly #settings: KafkaSettings;
  readonly #topic: string;
  readonly #member = randomUUID();
  readonly #closing = new AbortController();
  /** Asked again after each failure, because the topic may be no more. */
  #topicMade: Promise<void> | undefined;
  #producer: Producer | undefined;
  #joining: Promise<KafkaReceiver> | undefined;
  #receiver: KafkaReceiver | undefined;

  constructor(settings: KafkaSettings, topic: string) {
    this.#settings = settings;
    this.#topic = topic;
  }

  async check(): Promise<void> {
    this.#topicMade = ensureTopic(this.#settings, this.#topic, 'JOB_QUEUE_URL', { partitions });
    await this.#made();
  }

  async publish(count: number): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      try {
        await this.#send(count);
        return;
      } catch (error) {
        if (tries === sending.tries || this.#closing.signal.aborted) throw error;
        await setTimeout(sending.pauseMs);
      }
    }
  }

  async take(most: number): Promise<void> {
    const receiver = this.#receiver;
    if (receiver !== undefined) await this.#use(receiver, () => receiver.take(most));
    // To join the group takes seconds, and whoever takes has work to do.
    else void this.#join().catch(() => {});
  }

  async wait(): Promise<boolean> {
    const receiver = await this.#join();
    return this.#use(receiver, async () => {
      const time = AbortSignal.timeout(longestBlockSeconds * 1000);
      await receiver.arrival(AbortSignal.any([time, this.#closing.signal]));
      return receiver.take(1) > 0;
    });
  }

  async close(): Promise<void> {
    this.#closing.abort();
    const receiver = await this.#joining?.catch(() => undefined);
    await Promise.all([receiver?.close(), this.#producer?.close(true).catch(() => {})]);
  }

  async #send(count: number): Promise<void> {
    await this.#made();
    // Its own retries would keep to partitions that a topic made anew may not have, and die of it.
    this.#producer ??= kafkaProducer(this.#settings, { retries: 0, retryDelay: 0 });
    const producer = this.#producer;
    const value = Buffer.from('work');
    const messages = Array.from({ length: count }, () => ({ topic: this.#topic, value }));
    try {
      await producer.send({ messages, repeatOnStaleMetadata: false });
    } catch (error) {
      this.#topicMade = undefined;
      // The next one asks anew where the topic is.
      if (this.#producer === producer) this.#producer = undefined;
      await producer.close(true).catch(() => {});
      throw error;
    }
  }

  async #made(): Promise<void> {
    this.#topicMade ??= ensureTopic(this.#settings, this.#topic, 'JOB_QUEUE_URL', { partitions });
    try {
      await this.#topicMade;
    } catch (error) {
      this.#topicMade = undefined;
      throw error;
    }
  }

  async #join(): Promise<KafkaReceiver> {
    this.#joining ??= this.#made().then(() => KafkaReceiver.open(this.#settings, this.#topic, this.#member));
    try {
      this.#receiver = await this.#joining;
      return this.#receiver;
    } catch (error) {
      this.#joining = undefined;
      throw error;
    }
  }

  async #use<T>(receiver: KafkaReceiver, action: () => T | Promise<T>): Promise<T> {
    try {
      return await action();
    } catch (error) {
      if (this.#receiver === receiver) {
        this.#topicMade = undefined;
        this.#receiver = undefined;
        this.#joining = undefined;
        await receiver.close();
      }
      throw error;
    }
  }
}
