import type { Config } from './config.ts';
import { brokerPattern, topicPattern } from './job-queue-url.ts';
import { kafkaLogin } from './kafka-login.ts';
import type { ValueKind } from './values.ts';

export const brokerList: ValueKind<readonly string[]> = {
  accepts: 'a comma list of brokers such as kafka1:9092,kafka2:9092',
  parse: text => listOf(text, brokerPattern),
};

export const topicList: ValueKind<readonly string[]> = {
  accepts: 'a comma list of topics, each of letters, digits, ".", "_" and "-"',
  parse: text => listOf(text, topicPattern),
};

export const topicName: ValueKind<string> = {
  accepts: 'a topic: letters, digits, ".", "_" and "-"',
  parse: text => (topicPattern.test(text) ? text : undefined),
};

function listOf(text: string, pattern: RegExp): readonly string[] | undefined {
  const parts = text.split(',').map(part => part.trim());
  return parts.every(part => pattern.test(part)) ? [...new Set(parts)] : undefined;
}

/** Any of these switches the intake on, and then it needs them all. */
const ofIntake = [
  'KAFKA_CONSUMER_GROUP_ID',
  'KAFKA_TOPIC_USER_IMAGE_TO_PROCESS',
  'KAFKA_TOPIC_USER_IMAGE_PROCESSED',
  'PROCESSED_IMAGES_BUCKET',
] as const;
/** Others use these as well. */
const ofConnection = ['KAFKA_BOOTSTRAP_SERVERS', 'KAFKA_SCHEMA_REGISTRY_URL'] as const;
const registryLogin = ['KAFKA_SCHEMA_REGISTRY_USERNAME', 'KAFKA_SCHEMA_REGISTRY_PASSWORD'] as const;

/** What is missing for the service, once somebody has begun to switch the intake on. */
export function kafkaIntakeFaults(config: Partial<Config>): string[] {
  if (ofIntake.every(name => !(name in config))) return [];
  const together = [...ofConnection, ...ofIntake];
  // Those that are there and wrong are told as such.
  const missing = together.filter(name => !(name in config));
  return missing.map(
    name => `${name} is unset; accepted: all of ${together.join(', ')}, or none of the last four`,
  );
}

export function registryLoginFaults(config: Partial<Config>): string[] {
  const missing = registryLogin.filter(name => config[name] === undefined);
  if (missing.length !== 1) return [];
  return missing.map(name => `${name} is unset; accepted: both of ${registryLogin.join(', ')}, or none`);
}

/** Where Kafka and its schema registry are; undefined where that is not configured. */
export function kafkaConnection(config: Config) {
  const { KAFKA_BOOTSTRAP_SERVERS: brokers, KAFKA_SCHEMA_REGISTRY_URL: url } = config;
  const { KAFKA_SCHEMA_REGISTRY_USERNAME: username, KAFKA_SCHEMA_REGISTRY_PASSWORD: password } = config;
  if (brokers === undefined || url === undefined) return undefined;
  const login = username !== undefined && password !== undefined && { login: { username, password } };
  return { kafka: { brokers, ...kafkaLogin(config) }, registry: { url, ...login } };
}

/** What the intake consumes, and what it answers; undefined where it is off. */
export function kafkaIntakeOptions(config: Config) {
  const { KAFKA_CONSUMER_GROUP_ID: groupId, KAFKA_TOPIC_USER_IMAGE_TO_PROCESS: topics } = config;
  const { KAFKA_TOPIC_USER_IMAGE_PROCESSED: processedTopic, PROCESSED_IMAGES_BUCKET: bucket } = config;
  if (!groupId || !topics || !processedTopic || !bucket) return undefined;
  const reset = config.KAFKA_CONSUMER_AUTO_OFFSET_RESET;
  const enlargement = {
    model: config.MODEL_NAME,
    patchSize: config.MODEL_BY_PATCH_OF_SIZE,
    batchSize: config.MODEL_BATCH_SIZE,
  };
  return { consume: { groupId, topics, reset }, processedTopic, bucket, enlargement };
}

export type KafkaConnection = NonNullable<ReturnType<typeof kafkaConnection>>;
export type KafkaIntakeOptions = NonNullable<ReturnType<typeof kafkaIntakeOptions>>;
