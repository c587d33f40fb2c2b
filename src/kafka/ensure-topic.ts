import { AuthenticationError, findErrorBy, GenericError, UserError } from '@platformatic/kafka';
import { unlessAborted } from '../errors/in-time.ts';
import { systemCode } from '../errors/storage-fault.ts';
import { TintypeError } from '../errors/tintype-error.ts';
import { type Admin, closeClient, type KafkaSettings, kafkaAdmin } from './kafka-clients.ts';
import { connectionFaults } from './kafka-faults.ts';

const brokersDefault = -1;

/**
 * Makes the topic where there is none, with the brokers' own replication. Throws `invalid-configuration` when the brokers
 * refuse it or the login, the client's own error when they don't answer, and the signal's reason once that aborts.
 * @param namedBy who names the topic, for the message: a variable, say
 * @param options.partitions as many as the brokers give a topic of which nobody says more, by default
 */
export async function ensureTopic(
  settings: KafkaSettings,
  topic: string,
  namedBy: string,
  options: { readonly partitions?: number; readonly until?: AbortSignal } = {},
): Promise<void> {
  const admin = kafkaAdmin(settings, { retries: 1, retryDelay: 250 });
  try {
    await unlessAborted(make(admin, topic, options.partitions ?? brokersDefault), options.until);
  } catch (error) {
    if (error instanceof Error && findErrorBy(error, 'apiId', 'TOPIC_ALREADY_EXISTS')) return;
    const refused = noWayIn(error) ?? refusal(error, `${namedBy} names the Kafka topic '${topic}'`);
    if (refused === undefined) throw error;
    throw new TintypeError('invalid-configuration', refused, { cause: error });
  } finally {
    await closeClient(admin);
  }
}

async function make(admin: Admin, topic: string, partitions: number): Promise<void> {
  if (await hasTopic(admin, topic)) return;
  await admin.createTopics({ topics: [topic], partitions });
}

async function hasTopic(admin: Admin, topic: string): Promise<boolean> {
  try {
    await admin.metadata({ topics: [topic], forceUpdate: true });
    return true;
  } catch (error) {
    // The client has no code of its own for it.
    if (error instanceof UserError && error.message.startsWith('Unknown topic')) return false;
    throw error;
  }
}

/** What is wrong with the login or the certificate; undefined for another fault. */
function noWayIn(error: unknown): string | undefined {
  for (const each of connectionFaults(error)) {
    if (each instanceof AuthenticationError) return `Kafka's brokers refuse the login: ${each.message}`;
    const isCertificate = /CERT/.test(systemCode(each) ?? '');
    if (isCertificate) return `The certificate of Kafka's brokers can't be trusted: ${each.message}`;
  }
  return undefined;
}

/** Undefined when they did not answer, or will answer otherwise in a while. */
function refusal(error: unknown, what: string): string | undefined {
  const answer = error instanceof Error ? findErrorBy(error, 'code', 'PLT_KFK_PROTOCOL') : null;
  if (!(answer instanceof GenericError) || answer.canRetry) return undefined;
  return `${what}, and the brokers refuse it: ${answer.apiId}: ${answer.message}. It must exist, or its making be allowed`;
}
