import { v7 as uuidv7 } from 'uuid';
import { TintypeError } from '../errors/tintype-error.ts';
import type { NewExport, NewGroup, NewPart } from '../jobs/intake-store.ts';
import type { Failure, Priority } from '../jobs/job.ts';
import { type ResizeImageField, resizeSizes } from '../jobs/resize-sizes.ts';

/** An image that was asked for in three sizes. */
export interface AskedImage {
  readonly field: ResizeImageField;
  readonly url: string;
}

export interface ResizeSettings {
  readonly owner: string;
  readonly priority: Priority;
  /** Of the exports. */
  readonly bucket: string;
  /** How long jobs are kept after their end, in milliseconds; left out, for ever. */
  readonly retentionMs?: number;
}

/** A longer address is none that servers take. */
const longestUrl = 8_192;

/** The folder of exports in their bucket, with a slash at its end. */
export function resizeFolder(name: string | undefined): string {
  return `images-resized/${name === undefined ? '' : `${name}/`}`;
}

/** The jobs that resize images, and the copies that are made of their outputs. */
export function resizeParts(
  images: readonly AskedImage[],
  folder: string,
  settings: ResizeSettings,
): Pick<NewGroup, 'jobs' | 'refused' | 'exports'> {
  const read = images.map(image => ({ ...image, failure: addressFailure(image.url) }));
  const jobs = read.filter(image => !image.failure).map(image => newPart(image, settings));
  return {
    jobs,
    refused: read.flatMap(({ field, failure }) => (failure ? [{ part: field, failure }] : [])),
    exports: jobs.flatMap(job => exportsOf(job, settings.bucket, folder)),
  };
}

/** Why nothing can be fetched from there; what else is wrong with it shows when it is fetched. */
function addressFailure(url: string): Failure | undefined {
  const isFetchable = url.length <= longestUrl && /^https?:$/.test(URL.parse(url)?.protocol ?? '');
  if (isFetchable) return undefined;
  const { code, message } = new TintypeError('source-refused', 'This is no http or https address.');
  return { code, message };
}

function newPart({ field, url }: AskedImage, { owner, priority, retentionMs }: ResizeSettings): NewPart {
  const id = uuidv7();
  return {
    part: field,
    id,
    owner,
    priority,
    source: { url, filename: field },
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
