import { AuthenticationError, findErrorBy, GenericError, UserError } from '@platformatic/kafka';
import { TintypeError } from '../errors/tintype-error.ts';
import { type KafkaSettings, kafkaAdmin } from './kafka-clients.ts';

/**
 * Makes the topic where there is none, with the brokers' own replication. Throws `invalid-configuration` when the brokers
 * refuse it or the login, and the client's own error when they don't answer.
 * @param variable the one that names the topic, for the message
 */
export async function ensureTopic(
  settings: KafkaSettings,
  topic: string,
  partitions: number,
  variable: string,
): Promise<void> {
  const admin = kafkaAdmin(settings, { retries: 1, retryDelay: 250 });
  try {
    if (await hasTopic(admin, topic)) return;
    await admin.createTopics({ topics: [topic], partitions });
  } catch (error) {
    if (error instanceof Error && findErrorBy(error, 'apiId', 'TOPIC_ALREADY_EXISTS')) return;
    const reason = refusal(error);
    if (reason === undefined) throw error;
    const message = `${variable} names the Kafka topic '${topic}', and the brokers refuse it: ${reason}. It must exist, or its making be allowed`;
    throw new TintypeError('invalid-configuration', message, { cause: error });
  } finally {
    await admin.close();
  }
}

async function hasTopic(admin: ReturnType<typeof kafkaAdmin>, topic: string): Promise<boolean> {
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
