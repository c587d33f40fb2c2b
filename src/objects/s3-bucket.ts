import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { TintypeError } from '../errors/tintype-error.ts';
import { steadyRetries } from './steady-retries.ts';

/** Where the objects are and how they are reached. What is left out is as the AWS SDK reads it from its environment. */
export interface S3Options {
  readonly bucket: string;
  /** What every key in the bucket starts with: empty, or with a slash at its end. */
  readonly prefix: string;
  readonly endpoint?: string;
  readonly region?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** Whether the bucket stands in the path and not in the host name; left out, where there is an endpoint. */
  readonly pathStyle?: boolean;
  readonly encryption?: S3Encryption;
  /** How long a request or an answer may make no progress, in milliseconds; 30 s by default. */
  readonly idleMs?: number;
}

/** How the store encrypts what it is given; left out, as the bucket says. */
export interface S3Encryption {
  readonly algorithm: 'AES256' | 'aws:kms';
  /** Left out, the account's own key for S3. */
  readonly kmsKeyId?: string;
}

const connectMs = 5_000;
/** For stores beside AWS, which seldom care. */
const anyRegion = 'us-east-1';

/** A bucket, or what starts with a prefix in it, and the clients for it. */
export class S3Bucket {
  readonly name: string;
  readonly prefix: string;
  readonly idleMs: number;
  readonly encryption: S3Encryption | undefined;
  readonly client: S3Client;
  /**
   * For objects' bytes: without a limit on the connection's idle time, which would also run while nobody takes the
   * bytes. Whoever reads them watches their time (`readInTime`).
   */
  readonly reader: S3Client;

  constructor({ bucket, prefix, encryption, idleMs = 30_000, ...options }: S3Options) {
    this.name = bucket;
    this.prefix = prefix;
    this.idleMs = idleMs;
    this.encryption = encryption;
    const { endpoint, pathStyle = endpoint !== undefined, region, credentials } = options;
    const shared: S3ClientConfig = {
      retryStrategy: steadyRetries,
      forcePathStyle: pathStyle,
      ...(endpoint !== undefined && { endpoint }),
      ...(region !== undefined && { region }),
      ...(credentials !== undefined && { credentials }),
    };
    this.client = clientOf(shared, { socketTimeout: idleMs });
    this.reader = clientOf(shared, { socketTimeout: 0, requestTimeout: idleMs, throwOnRequestTimeout: true });
  }

  /** An object's whole key. */
  keyOf(key: string): string {
    return `${this.prefix}${key}`;
  }

  /** Another bucket, all of it and encrypted as it says itself, by the same clients. */
  beside(name: string): S3Bucket {
    return Object.assign(Object.create(S3Bucket.prototype), this, {
      name,
      prefix: '',
      encryption: undefined,
    });
  }

  close(): void {
    this.client.destroy();
    this.reader.destroy();
  }
}

/** The same options with a region. Throws `invalid-configuration` where AWS itself is meant and none is set. */
export async function withRegion(options: S3Options): Promise<S3Options> {
  if (options.region !== undefined) return options;
  const probe = new S3Client({});
  try {
    return { ...options, region: await probe.config.region() };
  } catch (cause) {
    if (options.endpoint !== undefined) return { ...options, region: anyRegion };
    const message = 'OBJECT_STORE_URL names an S3 bucket and AWS_REGION is unset; accepted: its region.';
    throw new TintypeError('invalid-configuration', message, { cause });
  } finally {
    probe.destroy();
  }
}

function clientOf(shared: S3ClientConfig, timeouts: object): S3Client {
  // As many connections as are asked for: with a limit, slow readers would keep writers waiting, and the wait for a
  // connection counts as the time to connect.
  const agents = {
    httpAgent: new HttpAgent({ keepAlive: true }),
    httpsAgent: new HttpsAgent({ keepAlive: true }),
  };
  return new S3Client({
    ...shared,
    requestHandler: { connectionTimeout: connectMs, ...agents, ...timeouts },
  });
}
