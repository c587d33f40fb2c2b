import { v7 as uuidv7 } from 'uuid';
import { TintypeError } from '../../errors/tintype-error.ts';
import type { GroupTarget, NewExport, NewGroup, NewPart, RefusedPart } from '../../jobs/intake-store.ts';
import type { Failure } from '../../jobs/job.ts';
import { type ResizeContext, resizeSizes } from '../../jobs/resize-sizes.ts';
import type { ReceivedMessage } from './intake-queue.ts';
import { type ResizeMessage, readResizeMessage } from './resize-message.ts';

export interface ResizeSettings {
  readonly owner: string;
  /** Of the exports. */
  readonly bucket: string;
  /** What every address of an export begins with, without a slash at its end. */
  readonly exportsUrl: string;
  /** Encrypted: what postbacks are signed with. */
  readonly postbackSecret?: string;
  /** How long jobs are kept after their end, in milliseconds; left out, for ever. */
  readonly retentionMs?: number;
  /** Throws for an address that is never called. */
  checkUrl(url: URL): void;
}

/** A longer address is none that servers take. */
const longestUrl = 8_192;

/** What one message asks for. Throws `invalid-request` and `address-blocked` for a message that is given up. */
export function resizeGroup(received: ReceivedMessage, queueUrl: string, settings: ResizeSettings): NewGroup {
  const message = readResizeMessage(received.body);
  if (message.postbackUrl !== undefined) settings.checkUrl(new URL(message.postbackUrl));
  const folder = `images-resized/${message.bucketName === undefined ? '' : `${message.bucketName}/`}`;
  const context: ResizeContext = {
    kind: 'resize',
    message: received.body,
    exportsUrl: settings.exportsUrl,
    folder,
  };
  const read = message.images.map(({ field, url }) => ({ part: field, url, failure: addressFailure(url) }));
  const jobs = read.flatMap(({ part, url, failure }) => (failure ? [] : [newPart(part, url, settings)]));
  return {
    eventKey: `sqs:${queueUrl}:${received.id}`,
    owner: settings.owner,
    ...(received.groupId !== undefined && { orderKey: `sqs:${queueUrl}:${received.groupId}` }),
    jobs,
    refused: read.flatMap(({ part, failure }): RefusedPart[] => (failure ? [{ part, failure }] : [])),
    context,
    exports: jobs.flatMap(job => exportsOf(job, settings.bucket, folder)),
    targets: targetsOf(message, settings),
  };
}

/** Why nothing can be fetched from there; what else is wrong with it shows when it is fetched. */
function addressFailure(url: string): Failure | undefined {
  const isFetchable = url.length <= longestUrl && /^https?:$/.test(URL.parse(url)?.protocol ?? '');
  if (isFetchable) return undefined;
  const { code, message } = new TintypeError('source-refused', 'This is no http or https address.');
  return { code, message };
}

function newPart(part: string, url: string, { owner, retentionMs }: ResizeSettings): NewPart {
  const id = uuidv7();
  return {
    part,
    id,
    owner,
    priority: 'normal',
    source: { url, filename: part },
    outputs: resizeSizes.map(({ output, size, side }) => ({
      name: output,
      filename: exportName(id, size),
      options: { width: side, height: side, fit: 'cover', format: 'jpeg' },
    })),
    ...(retentionMs !== undefined && { retentionMs }),
  };
}

function exportsOf({ id, part }: NewPart, bucket: string, folder: string): NewExport[] {
  return resizeSizes.map(({ output, size }) => ({
    part,
    output,
    bucket,
    key: folder + exportName(id, size),
  }));
}

/** 32 hexadecimal digits, one number a source image, and the size. */
function exportName(jobId: string, size: string): string {
  return `${jobId.replaceAll('-', '')}_${size}.jpeg`;
}

function targetsOf({ postbackUrl, redirectQueue }: ResizeMessage, settings: ResizeSettings): GroupTarget[] {
  const { postbackSecret: secret } = settings;
  return [
    ...(postbackUrl === undefined
      ? []
      : [{ kind: 'webhook', url: postbackUrl, ...(secret !== undefined && { secret }) } as const]),
    ...(redirectQueue === undefined ? [] : [{ kind: 'sqs', queue: redirectQueue } as const]),
  ];
}
