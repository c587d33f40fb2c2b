import { Admin, Consumer, Producer } from '@platformatic/kafka';
import { inTime } from '../errors/in-time.ts';
import { boundDecompression } from './bounded-decompression.ts';

export type { Admin, Consumer, Producer } from '@platformatic/kafka';

export interface KafkaSettings {
  /** `host:port` of some of the brokers; they tell of the others. */
  readonly brokers: readonly string[];
  readonly sasl?: {
    readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512';
    readonly username: string;
    readonly password: string;
  };
  readonly tls: boolean;
}

/** How often and how fast a client asks again before it gives up: a broker's restart takes up to ten seconds. */
export interface KafkaRetries {
  readonly retries: number;
  /** Milliseconds. */
  readonly retryDelay: number;
}

export function kafkaAdmin(settings: KafkaSettings, retries: KafkaRetries): Admin {
  return new Admin(clientOptions(settings, retries));
}

export function kafkaProducer(settings: KafkaSettings, retries: KafkaRetries): Producer {
  return new Producer(clientOptions(settings, retries));
}

/** One whose own retries write nothing twice, and whose sends are acknowledged by all replicas in sync. */
export function kafkaIdempotentProducer(settings: KafkaSettings, retries: KafkaRetries): Producer {
  return new Producer({ ...clientOptions(settings, retries), idempotent: true });
}

/**
 * One that writes in transactions, each of which is there whole or not at all.
 * @param transactionalId a producer takes the place of an earlier one with the same, and ends what that one left open
 */
export function kafkaTransactionalProducer(
  settings: KafkaSettings,
  retries: KafkaRetries,
  transactionalId: string,
): Producer {
  return new Producer({ ...clientOptions(settings, retries), idempotent: true, transactionalId });
}

/**
 * A member of the group, which commits only what it is told to.
 * @param membership.groupInstanceId takes the place of an earlier member of that name at once, even if that one died unheard
 */
export function kafkaConsumer(
  settings: KafkaSettings,
  retries: KafkaRetries,
  membership: { readonly groupId: string; readonly groupInstanceId: string },
): Consumer {
  boundDecompression();
  const consumer = new Consumer({ ...clientOptions(settings, retries), ...groupOptions, ...membership });
  // A group that can't be joined again is an event, and one of this name that nobody hears ends the process.
  consumer.on('error', () => {});
  return consumer;
}

/** For brokers to hear of it. Milliseconds. */
const goodbyeMs = 2_000;

/** Ends what the client still waits for. A consumer says goodbye to its group first, unless the brokers hang. */
export async function closeClient(client: Admin | Consumer | Producer): Promise<void> {
  const closing = client instanceof Admin ? client.close() : client.close(true);
  try {
    await inTime(goodbyeMs, closing);
  } catch {
    void client.connections.close().catch(() => {});
  }
}

/** A member that died unheard keeps its partitions from the others for as long as its session lasts. Milliseconds. */
const groupOptions = {
  autocommit: false,
  sessionTimeout: 15_000,
  rebalanceTimeout: 15_000,
  heartbeatInterval: 3_000,
};

function clientOptions({ brokers, sasl, tls }: KafkaSettings, retries: KafkaRetries) {
  return {
    clientId: 'tintype',
    bootstrapBrokers: [...brokers],
    ...retries,
    ...(sasl && { sasl }),
    ...(tls && { tls: {} }),
  };
}
