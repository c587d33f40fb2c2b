import { type LeafService, readLeafConfig } from '../../../src/config/leaf-config.ts';

/** The processes of the leaf system, by the names of their commands. */
export const leafProcesses: readonly LeafService[] = [
  'image-api',
  'analyzer',
  'consumer',
  'camera',
  'recognizer',
  'users',
  'synchronizer',
];

/** `host:port` of all that the configuration names in a cluster, without a single variable but `ENV`. */
export function hostsInCluster(ENV: 'stg' | 'prod'): string[] {
  const config = readLeafConfig('image-api', { ENV });
  const urls = [
    config.MONGO_PRODUCER_URL,
    config.MONGO_CONSUMER_URL,
    config.IMAGE_API_URL,
    config.IMAGE_ANALYZER_URL,
    ...config.KAFKA_BOOTSTRAP_SERVERS.map(server => `kafka://${server}`),
  ];
  return urls.map(url => new URL(url).host);
}
