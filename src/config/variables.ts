import os from 'node:os';
import { logLevels } from '../telemetry/logger.ts';
import {
  addressRanges,
  bytes,
  listOf,
  localPath,
  oneOf,
  seconds,
  text,
  type ValueKind,
  webUrl,
  wholeNumber,
  yesOrNo,
} from './values.ts';

interface Variable<T, Default extends string | undefined> {
  readonly kind: ValueKind<T>;
  /** As it would be written in the environment; undefined leaves the value unset. */
  readonly default: Default;
  /** One line for the documentation. */
  readonly about: string;
}

export const roles = ['api', 'worker', 'intake', 'deliveries', 'scheduler', 'sweeper'] as const;

/**
 * Every environment variable that Tintype reads. The typed configuration follows from this table, and
 * `docs/configuration.md` is checked against it.
 */
export const variables = {
  DATABASE_URL: variable(localPath('sqlite'), 'sqlite:data/tintype.db', 'The job store'),
  JOB_QUEUE_URL: variable(oneOf(['database:']), 'database:', 'What wakes workers'),
  OBJECT_STORE_URL: variable(localPath('file'), 'file:data/objects', 'Where originals and outputs are kept'),
  ROLES: variable(listOf(roles), roles.join(','), 'What this process does'),
  HOST: variable(text, '127.0.0.1', 'Address to listen on'),
  PORT: variable(wholeNumber(0, 65_535), '8080', 'Port to listen on; 0 takes a free one'),
  AUTH: variable(
    oneOf(['off']),
    undefined,
    'Who may call: must be spelled out on any address that is not loopback',
  ),
  PUBLIC_URL: variable(
    webUrl,
    undefined,
    'Where callers reach the service; makes the links in answers absolute',
  ),
  LOG_LEVEL: variable(oneOf(logLevels), 'info', 'Least level that is logged'),
  WORKER_CONCURRENCY: variable(
    wholeNumber(1, 256),
    String(os.availableParallelism()),
    'Images rendered at the same time',
  ),
  LEASE_SECONDS: variable(seconds, '30', 'How long a worker that says nothing keeps a job'),
  MAX_ATTEMPTS: variable(wholeNumber(1, 100), '3', 'Attempts before a passing fault fails a job'),
  JOB_TIMEOUT_SECONDS: variable(seconds, '120', 'How long a download may make no progress'),
  MAX_JOB_SECONDS: variable(seconds, '3600', 'Running time of a job, summed over its attempts'),
  MAX_UPLOAD_BYTES: variable(bytes, '64MiB', 'Largest original, uploaded or downloaded'),
  MAX_PIXELS: variable(wholeNumber(1, 1e12), '100000000', 'Largest image read: width × height × pages'),
  MAX_OUTPUT_PIXELS: variable(
    wholeNumber(1, 1e12),
    '400000000',
    'Largest image made: width × height × pages',
  ),
  MAX_RENDER_BYTES: variable(
    bytes,
    '512MiB',
    'Memory for one image; one that needs more is refused from its header',
  ),
  RENDER_MEMORY_BYTES: variable(
    bytes,
    String(Math.floor(os.totalmem() / 2)),
    'Memory for all images rendered at the same time',
  ),
  ALLOW_SVG: variable(yesOrNo, 'false', 'Whether SVG is read'),
  ALLOW_PRIVATE_ADDRESSES: variable(addressRanges, 'false', 'Private addresses that image URLs may name'),
} as const;

function variable<T, const Default extends string | undefined>(
  kind: ValueKind<T>,
  defaultText: Default,
  about: string,
): Variable<T, Default> {
  return { kind, default: defaultText, about };
}
