import type { Config } from './config.ts';

type MongoVariables = Pick<
  Config,
  'MONGO_URL' | 'DB_ENVIRONMENT' | 'MONGO_URL_DEVELOP' | 'MONGO_URL_PRODUCTION'
>;

/** Where the documents of the backfill are; undefined where it is switched off. */
export function backfillUrl(config: Partial<MongoVariables>): string | undefined {
  return config.MONGO_URL ?? (config.DB_ENVIRONMENT && config[`MONGO_URL_${config.DB_ENVIRONMENT}`]);
}

/** What an environment that is named needs. */
export function mongoUrlFaults(config: Partial<Config>): string[] {
  const { DB_ENVIRONMENT: environment } = config;
  if (!environment || 'MONGO_URL' in config || `MONGO_URL_${environment}` in config) return [];
  return [
    `MONGO_URL_${environment} is unset; accepted with DB_ENVIRONMENT=${environment}: the URL of its database`,
  ];
}

/** What the backfill needs to be complete. */
export function backfillFaults(config: Partial<Config>): string[] {
  // A value that is wrong is a fault already.
  if (backfillUrl(config) === undefined || 'IMAGES_BUCKET' in config) return [];
  return ['IMAGES_BUCKET is unset; accepted with MONGO_URL: the bucket that gets the resized images'];
}
