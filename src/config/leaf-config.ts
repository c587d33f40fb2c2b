import type { Environment } from './config.ts';
import { kafkaLoginFaults, kafkaLoginVariables } from './kafka-login.ts';
import { brokerList } from './kafka-options.ts';
import { defaultRoot, readValues, refuseFaults, type ValuesOf, variable } from './read-values.ts';
import { folder, logLevel, mongoUrl, oneOf, seconds, text, webUrl, wholeNumber } from './values.ts';

/** The processes of the leaf image management system, each with its port. */
const ports = {
  'image-api': '8080',
  consumer: '8000',
  analyzer: '8081',
  camera: '5050',
  recognizer: '5051',
  users: '5052',
  synchronizer: '5053',
} as const;

export type LeafService = keyof typeof ports;

/**
 * Every environment variable that the leaf image management system reads; beside it `PORT`'s default is the service's,
 * and those of `clusterDefaults` depend on `ENV`. `docs/leaf.md` is checked against it.
 */
export const leafVariables = {
  ENV: variable(oneOf(['dev', 'stg', 'prod']), 'dev'),
  HOST: variable(text, '127.0.0.1'),
  PORT: variable(wholeNumber(0, 65_535), '8080'),
  METRICS_PORT: variable(wholeNumber(0, 65_535), '8050'),
  LOG_LEVEL: variable(logLevel, 'info'),
  MONGO_PRODUCER_URL: variable(mongoUrl, 'mongodb://127.0.0.1:27017/imagedbplantproducer'),
  MONGO_CONSUMER_URL: variable(mongoUrl, 'mongodb://127.0.0.1:27017/imagedbplantconsumer'),
  KAFKA_BOOTSTRAP_SERVERS: variable(brokerList, '127.0.0.1:9092'),
  KAFKA_CONSUMER_GROUP_ID: variable(text, 'leaf-consumer'),
  ...kafkaLoginVariables,
  IMAGE_API_URL: variable(webUrl, 'http://127.0.0.1:8080'),
  IMAGE_ANALYZER_URL: variable(webUrl, 'http://127.0.0.1:8081'),
  LEAF_PHOTOS: variable(folder, undefined),
  LEAF_EVENT_PHOTO: variable(oneOf(['once', 'always']), 'once'),
  LEAF_STATE: variable(folder, 'data/leaf'),
  CAMERA_SECONDS: variable(seconds, '100'),
  RECOGNIZER_SECONDS: variable(seconds, '100'),
  USERS_ACTIVATE_SECONDS: variable(seconds, '300'),
  USERS_METADATA_SECONDS: variable(seconds, '300'),
  USERS_DELETE_SECONDS: variable(seconds, '700'),
  SYNCHRONIZER_SECONDS: variable(seconds, '600'),
} as const;

export type LeafConfig = ValuesOf<typeof leafVariables>;

const inCluster = 'leaf-image-management-system.svc.cluster.local';

/** Of `stg` and `prod`, which differ by their clusters alone. */
const clusterDefaults: Readonly<Partial<Record<string, string>>> = {
  HOST: '0.0.0.0',
  MONGO_PRODUCER_URL: `mongodb://mongodb-producer.${inCluster}:27017/imagedbplantproducer`,
  MONGO_CONSUMER_URL: `mongodb://mongodb-consumer.${inCluster}:27017/imagedbplantconsumer`,
  KAFKA_BOOTSTRAP_SERVERS: `kafka.${inCluster}:9092`,
  IMAGE_API_URL: `http://image-api.${inCluster}:8080`,
  IMAGE_ANALYZER_URL: `http://image-analyzer.${inCluster}:8081`,
};

/**
 * Reads the environment for one of the processes. Throws one `invalid-configuration` that lists every fault there is.
 * Relative paths start from `root`.
 */
export function readLeafConfig(
  service: LeafService,
  env: Environment,
  root: string = defaultRoot(),
): LeafConfig {
  const isInCluster = env.ENV === 'stg' || env.ENV === 'prod';
  const standIn = (name: string) =>
    name === 'PORT' ? ports[service] : isInCluster ? clusterDefaults[name] : undefined;
  const { values, faults } = readValues(leafVariables, name => env[name] || standIn(name), root);
  const config = values as LeafConfig;
  refuseFaults([...faults, ...kafkaLoginFaults(config)]);
  return config;
}
