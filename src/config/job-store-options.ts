import type { Config } from './config.ts';
import { isPostgresUrl } from './database-url.ts';
import { roles } from './variables.ts';

/** What the configuration says of the job store, as `openJobStore` takes it. */
export function jobStoreOptions(config: Config) {
  const { DATABASE_URL: url, DATABASE_DIRECT_URL: directUrl = url, PUBLIC_URL: publicUrl } = config;
  return isPostgresUrl(url)
    ? ({ driver: 'postgres', url, directUrl, connections: config.DATABASE_CONNECTIONS, publicUrl } as const)
    : ({ driver: 'sqlite', file: url, publicUrl } as const);
}

/** What goes with one of the databases alone. */
export function jobStoreFaults(config: Partial<Config>): string[] {
  if (config.DATABASE_URL === undefined || isPostgresUrl(config.DATABASE_URL)) return [];
  return sqliteFaults(config);
}

/** On Postgres, where services on many machines share one key, none is made by itself. */
export function secretsKeyFaults(config: Partial<Config>): string[] {
  // One that is there and wrong is told as such.
  if (!isPostgresUrl(config.DATABASE_URL ?? '') || 'SECRETS_KEY' in config) return [];
  return [
    'SECRETS_KEY is unset; accepted with postgres: in DATABASE_URL: 32 bytes in base64 or 64 hexadecimal digits, such as `openssl rand -hex 32` prints, the same for all processes',
  ];
}

function sqliteFaults({ ROLES, DATABASE_DIRECT_URL }: Partial<Config>): string[] {
  const faults: string[] = [];
  if (ROLES && ROLES.length < roles.length) {
    faults.push(
      `ROLES is '${ROLES.join(',')}'; accepted with sqlite: in DATABASE_URL: all roles, in one process`,
    );
  }
  if (DATABASE_DIRECT_URL) {
    faults.push('DATABASE_DIRECT_URL is set; accepted: with postgres: in DATABASE_URL alone');
  }
  return faults;
}
