import { AuthenticationError, findErrorBy, GenericError, UserError } from '@platformatic/kafka';
import { unlessAborted } from '../errors/in-time.ts';
import { TintypeError } from '../errors/tintype-error.ts';
import { type Admin, closeClient, type KafkaSettings, kafkaAdmin } from './kafka-clients.ts';

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
    const reason = refusal(error);
    if (reason === undefined) throw error;
    const message = `${namedBy} names the Kafka topic '${topic}', and the brokers refuse it: ${reason}. It must exist, or its making be allowed`;
    throw new TintypeError('invalid-configuration', message, { cause: error });
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

/** Undefined when they did not answer, or will answer otherwise in a while. */
function refusal(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const login = findErrorBy(error, 'code', AuthenticationError.code);
  if (login !== null) return login.message;
  const answer = findErrorBy(error, 'code', 'PLT_KFK_PROTOCOL');
  if (!(answer instanceof GenericError) || answer.canRetry) return undefined;
  return `${answer.apiId}: ${answer.message}`;
}
