import type { ProcessedImage } from '../answers/processed-image.ts';
import { TintypeError } from '../errors/tintype-error.ts';
import { isTooLarge } from '../kafka/kafka-faults.ts';
import { recordSchemas } from '../kafka/record-schemas.ts';
import { RecordWriter } from '../kafka/record-writer.ts';
import type { SchemaRegistry } from '../kafka/schema-registry.ts';
import type { TopicProducer } from '../kafka/topic-producer.ts';
import { AwayLog } from '../telemetry/away-log.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { EncodeRecord } from './kafka.ts';
import type { Message, MessagePublisher } from './message.ts';

/** Gives messages to topics. */
export class KafkaPublisher implements MessagePublisher {
  readonly #producer: TopicProducer;

  constructor(producer: TopicProducer) {
    this.#producer = producer;
  }

  async publish({ target, key, bytes }: Message, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    try {
      await this.#producer.send(target, [{ key, headers: {}, value: bytes }]);
    } catch (error) {
      throw publishFault(error);
    }
  }
}

/** Writes processed images with the schema of this release, which is registered with the first one. */
export function processedImageEncoder(registry: SchemaRegistry, logger: Logger): EncodeRecord {
  const writers = new Map<string, RecordWriter<ProcessedImage>>();
  const incompatible = new AwayLog(logger, 'answers wait for their schema', 'answers go out again');
  return async (topic, record) => {
    const writer = writers.get(topic) ?? new RecordWriter(registry, topic, recordSchemas.imageProcessed);
    writers.set(topic, writer);
    try {
      const bytes = await writer.write(record);
      incompatible.back();
      return bytes;
    } catch (error) {
      const fault = TintypeError.from(error);
      const isIncompatible = fault.code === 'incompatible-schema';
      if (isIncompatible) incompatible.away(fault);
      if (!isIncompatible && fault.code !== 'registry-unavailable') throw fault;
      // Both are mended in the registry, and then the message goes out.
      throw new TintypeError('storage-unavailable', fault.message, { cause: fault.cause });
    }
  };
}

function publishFault(error: unknown): TintypeError {
  if (isTooLarge(error)) {
    return new TintypeError('invalid-request', 'Kafka refuses the message: it is too large.', {
      cause: error,
    });
  }
  // A topic or a login that the brokers refuse is mended there, and then the message goes out.
  const message =
    error instanceof TintypeError ? error.message : 'Kafka can’t be reached, or can’t answer now.';
  return new TintypeError('storage-unavailable', message, { cause: error });
}
