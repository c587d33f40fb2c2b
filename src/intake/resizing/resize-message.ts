import { type ResizeImageField, resizeImageFields } from '../../answers/resize-sizes.ts';
import { TintypeError } from '../../errors/tintype-error.ts';

/** What a message on the queue asks for. Its other fields come back in the answer, untouched. */
export interface ResizeMessage {
  /** One or two. Whether an address is one that can be fetched shows later. */
  readonly images: readonly { readonly field: ResizeImageField; readonly url: string }[];
  /** A folder within `images-resized/`. */
  readonly bucketName?: string;
  readonly redirectQueue?: string;
  readonly postbackUrl?: string;
}

/** Characters, as of every webhook: the receiver is part of an index. */
const longestAddress = 2_048;
/** Of objects and lists within each other: deeper ones can be read, but not written again. */
const deepest = 64;

/** Amazon's rule. */
const queueName = /^[A-Za-z0-9_-]{1,80}$|^[A-Za-z0-9_-]{1,75}\.fifo$/;
/** Room for the name of a copy is left of what keys may have. */
const folderName = /^(?=.{1,800}$)(?!\.)[A-Za-z0-9._-]{1,255}(?:\/(?!\.)[A-Za-z0-9._-]{1,255})*$/;

/**
 * Reads the body of a message. Throws `invalid-request` with the reason for which it is given up: it is no JSON object,
 * names no image or nobody to tell, or a field that says where something goes can't be one.
 */
export function readResizeMessage(body: string): ResizeMessage {
  const fields = readObject(body);
  const text = (name: string) => readText(fields, name);
  const images = resizeImageFields.flatMap(field => {
    const url = text(field);
    return url === undefined ? [] : [{ field, url }];
  });
  const bucketName = text('bucket_name');
  const redirectQueue = text('redirect_queue');
  const postbackUrl = text('postback_url');
  if (images.length === 0) throw refused(`It names no image: ${resizeImageFields.join(' or ')}.`);
  if (redirectQueue === undefined && postbackUrl === undefined) {
    throw refused('It names nobody to tell: redirect_queue or postback_url.');
  }
  if (bucketName !== undefined && !folderName.test(bucketName)) {
    throw refused(
      'Its bucket_name is no folder: letters, digits, ".", "_" and "-", no dot first, with "/" between folders.',
    );
  }
  if (redirectQueue !== undefined && !queueName.test(redirectQueue)) {
    throw refused(
      "Its redirect_queue is no queue's name: 1 to 80 letters, digits, _ and -, with .fifo at the end or not.",
    );
  }
  if (postbackUrl !== undefined && postbackUrl.length > longestAddress) {
    throw refused(`Its postback_url is longer than ${longestAddress} characters.`);
  }
  if (postbackUrl !== undefined && !/^https?:$/.test(URL.parse(postbackUrl)?.protocol ?? '')) {
    throw refused('Its postback_url is no http or https address.');
  }
  return {
    images,
    ...(bucketName !== undefined && { bucketName }),
    ...(redirectQueue !== undefined && { redirectQueue }),
    ...(postbackUrl !== undefined && { postbackUrl }),
  };
}

function readObject(body: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch (cause) {
    throw new TintypeError('invalid-request', 'It is no JSON.', { cause });
  }
  if (isDeeper(value, deepest)) throw refused(`It nests more than ${deepest} objects and lists.`);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  throw refused('It is no JSON object.');
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some(each => isDeeper(each, levels - 1));
}

/** Undefined for a field that is missing, null or empty. */
function readText(fields: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value === 'string') return value;
  throw refused(`Its ${name} is no text.`);
}

function refused(reason: string): TintypeError {
  return new TintypeError('invalid-request', reason);
}
