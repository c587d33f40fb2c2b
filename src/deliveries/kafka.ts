import { type ProcessedImage, processedImage } from '../answers/processed-image.ts';
import type { GroupReport } from '../jobs/group-report.ts';
import { type MessagePublisher, tryMessage } from './message.ts';
import type { DeliveryDriver, DeliveryTo, Outcome } from './outcome.ts';

/** Makes a record's bytes, with the schema of this release. Throws what `MessagePublisher` may throw. */
export type EncodeRecord = (topic: string, record: ProcessedImage) => Promise<Uint8Array>;

/** Tells Kafka topics of images that were enlarged, or could not be. */
export class KafkaDriver implements DeliveryDriver<'kafka'> {
  readonly #publisher: MessagePublisher;
  readonly #encode: EncodeRecord;

  constructor(publisher: MessagePublisher, encode: EncodeRecord) {
    this.#publisher = publisher;
    this.#encode = encode;
  }

  try(delivery: DeliveryTo<'kafka'>, signal: AbortSignal): Promise<Outcome> {
    const { id, body, target } = delivery;
    const tell = async (inTime: AbortSignal) => {
      const record = processedImage(JSON.parse(body) as GroupReport);
      const bytes = await this.#encode(target.topic, record);
      await this.#publisher.publish({ target: target.topic, id, key: id, bytes }, inTime);
    };
    return tryMessage(delivery, tell, signal);
  }
}
