import { setTimeout as sleep } from 'node:timers/promises';
import { TintypeError } from '../../errors/tintype-error.ts';
import { type Admin, type KafkaSettings, kafkaAdmin } from '../../kafka/kafka-clients.ts';
import { plants } from '../plants.ts';

const againMs = 100;
const triesToSeeThemGone = 300;

/** The three topics, which nobody else may use meanwhile: they are deleted after each way that is compared. */
export class ComparisonTopics implements AsyncDisposable {
  readonly #admin: Admin;

  /** Throws `invalid-configuration` where there are such topics already, or connections have TLS. */
  static async claim(settings: KafkaSettings): Promise<ComparisonTopics> {
    if (settings.tls) {
      const message =
        'The comparison counts the bytes of connections to Kafka, which it can’t with KAFKA_TLS.';
      throw new TintypeError('invalid-configuration', message);
    }
    const topics = new ComparisonTopics(settings);
    const theirs = await topics.#present().catch(async error => {
      await topics.#admin.close();
      throw error;
    });
    if (theirs.length === 0) return topics;
    await topics.#admin.close();
    const message = `Kafka has the topic ${theirs[0]} already. The comparison deletes its topics, so it needs brokers without a leaf system: KAFKA_BOOTSTRAP_SERVERS names others.`;
    throw new TintypeError('invalid-configuration', message);
  }

  private constructor(settings: KafkaSettings) {
    this.#admin = kafkaAdmin(settings, { retries: 12, retryDelay: 250 });
  }

  /** Deletes them, if they are there; resolves when their names are free. */
  async delete(): Promise<void> {
    const topics = await this.#present();
    if (topics.length > 0) await this.#admin.deleteTopics({ topics });
    for (let tries = 0; (await this.#present()).length > 0; tries += 1) {
      if (tries === triesToSeeThemGone) {
        throw new TintypeError('storage-unavailable', 'Kafka does not delete its topics.');
      }
      await sleep(againMs);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.delete().finally(() => this.#admin.close());
  }

  async #present(): Promise<string[]> {
    const names = new Set<string>(plants.flatMap(plant => [plant, `${plant}.dead-letters`]));
    return (await this.#admin.listTopics()).filter(topic => names.has(topic));
  }
}
