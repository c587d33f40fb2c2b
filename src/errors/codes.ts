/** What a code means to the program: its HTTP status, and whether trying again can help. */
interface CodeFacts {
  readonly status: number;
  readonly retryable: boolean;
}

/**
 * Every error code there is. `docs/errors.md` explains each one to users; a test keeps the two the same.
 * 4xx: the caller's or the image's fault. 5xx: ours.
 */
export const codes = {
  'invalid-request': { status: 400, retryable: false },
  'empty-upload': { status: 400, retryable: false },
  unauthenticated: { status: 401, retryable: false },
  'foreign-origin': { status: 403, retryable: false },
  forbidden: { status: 403, retryable: false },
  'address-blocked': { status: 403, retryable: false },
  'not-found': { status: 404, retryable: false },
  'source-not-found': { status: 404, retryable: false },
  'method-not-allowed': { status: 405, retryable: false },
  'too-slow': { status: 408, retryable: true },
  'output-not-ready': { status: 409, retryable: true },
  'upload-offset': { status: 409, retryable: true },
  'upload-incomplete': { status: 409, retryable: true },
  'upload-in-use': { status: 409, retryable: false },
  'job-ended': { status: 409, retryable: false },
  'job-not-retryable': { status: 409, retryable: false },
  'delivery-not-ended': { status: 409, retryable: true },
  'too-many-endpoints': { status: 409, retryable: false },
  'incompatible-schema': { status: 409, retryable: false },
  expired: { status: 410, retryable: false },
  'source-gone': { status: 410, retryable: false },
  'unsupported-tus-version': { status: 412, retryable: false },
  'upload-too-large': { status: 413, retryable: false },
  'source-too-large': { status: 413, retryable: false },
  'image-too-large': { status: 413, retryable: false },
  'unsupported-media-type': { status: 415, retryable: false },
  'not-an-image': { status: 415, retryable: false },
  'unsupported-image': { status: 415, retryable: false },
  'range-not-satisfiable': { status: 416, retryable: false },
  'expectation-failed': { status: 417, retryable: false },
  'corrupt-image': { status: 422, retryable: false },
  'invalid-output': { status: 422, retryable: false },
  'invalid-model': { status: 422, retryable: false },
  'invalid-record': { status: 422, retryable: false },
  'idempotency-key-reused': { status: 422, retryable: false },
  'output-too-large': { status: 422, retryable: false },
  'render-timeout': { status: 422, retryable: false },
  'render-crashed': { status: 422, retryable: true },
  'upload-locked': { status: 423, retryable: true },
  'source-refused': { status: 424, retryable: false },
  'source-unavailable': { status: 424, retryable: true },
  'rate-limited': { status: 429, retryable: true },
  'too-many-uploads': { status: 429, retryable: true },
  'queue-full': { status: 429, retryable: true },
  'checksum-mismatch': { status: 460, retryable: true },
  'job-cancelled': { status: 499, retryable: false },
  'invalid-configuration': { status: 500, retryable: false },
  internal: { status: 500, retryable: true },
  'worker-lost': { status: 500, retryable: false },
  'job-not-ended': { status: 503, retryable: true },
  overloaded: { status: 503, retryable: true },
  'storage-unavailable': { status: 503, retryable: true },
  'registry-unavailable': { status: 503, retryable: true },
  'shutting-down': { status: 503, retryable: true },
  'render-stalled': { status: 504, retryable: true },
  'job-timeout': { status: 504, retryable: false },
} as const satisfies Record<string, CodeFacts>;

export type ErrorCode = keyof typeof codes;

/** The image itself can't be taken, whatever is to be made of it and whatever bytes may still come. */
export const imageRefusals: ReadonlySet<ErrorCode> = new Set([
  'empty-upload',
  'not-an-image',
  'unsupported-image',
  'image-too-large',
  'corrupt-image',
]);
