import { systemCode } from '../errors/storage-fault.ts';
import { TintypeError } from '../errors/tintype-error.ts';

/** Answers that another try may change: time-out, too early, too many requests. */
const passingStatuses = new Set([408, 425, 429]);

/** The error for an answer that is no image: neither 200 nor a redirect. */
export function statusFault(status: number, host: string): TintypeError {
  if (status === 404 || status === 410) {
    return new TintypeError('source-not-found', `${host} has no such file (HTTP ${status}).`);
  }
  if (status >= 500 || passingStatuses.has(status)) {
    return new TintypeError('source-unavailable', `${host} can’t serve the file now (HTTP ${status}).`);
  }
  return new TintypeError('source-refused', `${host} does not give the file out (HTTP ${status}).`);
}

/** Whatever a request or its body threw, as a TintypeError. */
export function fetchFault(thrown: unknown, host: string): TintypeError {
  if (thrown instanceof TintypeError) return thrown;
  const code = systemCode(thrown) ?? '';
  const failed = (message: string) => new TintypeError('source-unavailable', message, { cause: thrown });
  const refused = (message: string) => new TintypeError('source-refused', message, { cause: thrown });
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN' || code === 'ENODATA') {
    return failed(`The name ${host} can’t be resolved.`);
  }
  if (/CERT|SELF_SIGNED|VERIFY|^ERR_TLS|^ERR_SSL/.test(code))
    return refused(`${host} has no valid certificate.`);
  if (code === 'Z_BUF_ERROR') return failed(`${host} broke off the file.`);
  if (/^Z_|^ERR__ERROR_FORMAT|^ERR_BROTLI/.test(code)) {
    return refused(`${host} sent the file in an encoding that it is not in.`);
  }
  return failed(`${host} can’t be reached, or broke off.`);
}
