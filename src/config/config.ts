import { BlockList, isIP } from 'node:net';
import { backfillFaults, mongoUrlFaults } from './backfill-options.ts';
import { jobStoreFaults, secretsKeyFaults } from './job-store-options.ts';
import { kafkaLoginFaults } from './kafka-login.ts';
import { kafkaIntakeFaults, registryLoginFaults } from './kafka-options.ts';
import { defaultRoot, readValues, refuseFaults, type ValuesOf } from './read-values.ts';
import { awsKeyFaults, sqsIntakeFaults } from './sqs-intake-options.ts';
import type { ValueKind } from './values.ts';
import { otherNames, variables } from './variables.ts';

/** One typed value a variable, under the variable's own name. Unset ones without a default are undefined. */
export type Config = ValuesOf<typeof variables>;

/** Variable names and texts, as `process.env` has them. An empty text counts as unset. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the environment. Throws one `invalid-configuration` that lists every fault there is: the variable, what was
 * found, what is accepted. Relative paths start from `root`.
 */
export function readConfig(env: Environment, root: string = defaultRoot()): Config {
  return read(env, root, () => []);
}

/** As `readConfig`; what the service needs and commands beside it do without is a fault as well. */
export function readServiceConfig(env: Environment, root: string = defaultRoot()): Config {
  return read(env, root, config => [
    ...secretsKeyFaults(config),
    ...kafkaIntakeFaults(config),
    ...sqsIntakeFaults(config),
    ...backfillFaults(config),
  ]);
}

function read(env: Environment, root: string, moreFaults: (config: Partial<Config>) => string[]): Config {
  const { values, faults } = readValues(variables, name => givenText(env, name as keyof Config), root);
  const config = values as Partial<Config>;
  refuseFaults([...faults, ...combinationFaults(config), ...moreFaults(config)]);
  // Not the variable's default: where others can reach the service, it has to be spelled out.
  return { ...config, AUTH: config.AUTH ?? 'off' } as Config;
}

/** What the environment says of a variable, under its own name or another that is read for it; empty or undefined if nothing. */
export function givenText(env: Environment, name: keyof Config): string | undefined {
  const other = otherNames[name];
  return env[name] || (other && env[other]);
}

/** A value as it would be written in the environment; numbers, booleans and lists as they are. */
export function writtenValue(name: keyof Config, value: Config[keyof Config]): Config[keyof Config] {
  const { kind }: { kind: ValueKind<unknown> } = variables[name];
  return value === undefined || kind.write === undefined ? value : kind.write(value);
}

/** Values that are right one by one and wrong together. Values that are wrong already are left out. */
function combinationFaults(config: Partial<Config>): string[] {
  const faults: string[] = [];
  if (config.HOST && !isLoopback(config.HOST) && config.AUTH === undefined) {
    faults.push(
      `HOST is '${config.HOST}', which others can reach, and AUTH is unset; accepted: AUTH=keys, AUTH=off spelled out, or a loopback address`,
    );
  }
  faults.push(...jobStoreFaults(config), ...objectStoreFaults(config));
  faults.push(...kafkaLoginFaults(config), ...registryLoginFaults(config));
  faults.push(...awsKeyFaults(config), ...mongoUrlFaults(config));
  return faults;
}

function objectStoreFaults(config: Partial<Config>): string[] {
  const faults: string[] = [];
  const isS3 = config.OBJECT_STORE_URL?.startsWith('s3:') ?? true;
  if (config.OBJECT_DOWNLOADS === 'redirect' && !isS3) {
    faults.push("OBJECT_DOWNLOADS is 'redirect'; accepted with file: in OBJECT_STORE_URL: proxy");
  }
  if (config.S3_KMS_KEY_ID && config.S3_SERVER_SIDE_ENCRYPTION !== 'aws:kms') {
    faults.push(
      `S3_KMS_KEY_ID is '${config.S3_KMS_KEY_ID}'; accepted: with S3_SERVER_SIDE_ENCRYPTION=aws:kms alone`,
    );
  }
  return faults;
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** Whether only this machine can reach a listener on that host. */
export function isLoopback(host: string): boolean {
  if (host === 'localhost') return true;
  const version = isIP(host);
  return version !== 0 && loopback.check(host, version === 4 ? 'ipv4' : 'ipv6');
}
