import { v7 as uuidv7 } from 'uuid';
import { type ResizeImageField, resizeSizes } from '../../answers/resize-sizes.ts';
import type { NewExport, NewGroup, NewPart } from '../../jobs/intake-store.ts';
import type { Priority } from '../../jobs/job.ts';
import { sourceAddress } from '../source-address.ts';

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
  const jobs: NewPart[] = [];
  const refused: NewGroup['refused'][number][] = [];
  for (const { field, url } of images) {
    const address = sourceAddress(url);
    if (address instanceof URL) jobs.push(newPart(field, address, settings));
    else refused.push({ part: field, failure: address });
  }
  return {
    jobs,
    refused,
    exports: jobs.flatMap(job => exportsOf(job, settings.bucket, folder)),
  };
}

function newPart(
  field: ResizeImageField,
  url: URL,
  { owner, priority, retentionMs }: ResizeSettings,
): NewPart {
  const id = uuidv7();
  return {
    part: field,
    id,
    owner,
    priority,
    source: { url: url.href, filename: field },
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
