import { S3ServiceException } from '@aws-sdk/client-s3';
import { TintypeError } from '../errors/tintype-error.ts';
import { noSuchObject } from './object-key.ts';

/** What a person can do about it, by the name of the SDK's or the store's fault. */
const knownFaults: Readonly<Record<string, string>> = {
  NoSuchBucket: 'The object store has no such bucket.',
  AccessDenied: 'The object store refuses access: its policy does not allow what is needed.',
  InvalidAccessKeyId: 'The object store does not know the access key.',
  // versitygw's.
  XAdminUserNotFound: 'The object store does not know the access key.',
  SignatureDoesNotMatch: 'The object store refuses the secret key.',
  ExpiredToken: 'The credentials for the object store have expired.',
  InvalidToken: 'The object store refuses the session token.',
  CredentialsProviderError: 'There are no credentials for the object store.',
  PermanentRedirect: 'The bucket is in another region, or behind another endpoint.',
  AuthorizationHeaderMalformed: 'The bucket is in another region.',
  RequestTimeTooSkewed: 'The clock of this machine differs from the object store’s.',
  SlowDown: 'The object store asks for fewer requests.',
  XMinioStorageFull: 'The object store is full.',
  QuotaExceeded: 'The object store is full.',
};

/** What says that there is no such object, or that there can be none. */
const absences: ReadonlySet<string> = new Set(['NoSuchKey', 'NotFound', 'KeyTooLongError']);

/** A request's answer; its faults as `not-found` or `storage-unavailable`. */
export async function faultsOfS3<Answer>(request: Promise<Answer>): Promise<Answer> {
  try {
    return await request;
  } catch (error) {
    throw asS3Fault(error);
  }
}

/** Whatever a request to the store was rejected with. The SDK has tried it again by then, where that could help. */
export function asS3Fault(thrown: unknown): TintypeError {
  if (thrown instanceof TintypeError) return thrown;
  const name = thrown instanceof Error ? thrown.name : '';
  if (absences.has(name)) return noSuchObject();
  const message = knownFaults[name] ?? 'The object store can’t be reached, or can’t answer now.';
  return new TintypeError('storage-unavailable', message, { cause: thrown });
}

/** Whether the store answered that this request can't be (4xx), and not that it can't answer now. */
export function isRefusal(thrown: unknown): boolean {
  if (!(thrown instanceof S3ServiceException)) return false;
  const status = thrown.$metadata.httpStatusCode ?? 0;
  return status >= 400 && status < 500;
}

/** Whether something else was done to the same key at that moment (409); the same request may succeed at once. */
export function isConflict(thrown: unknown): boolean {
  return thrown instanceof S3ServiceException && thrown.$metadata.httpStatusCode === 409;
}
