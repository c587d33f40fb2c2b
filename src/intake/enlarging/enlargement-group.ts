import { createHash } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import type { ProcessedImageContext, UserImage } from '../../answers/processed-image.ts';
import type { NewGroup } from '../../jobs/intake-store.ts';
import type { OutputRequest } from '../../jobs/job.ts';
import { sourceAddress } from '../source-address.ts';

export interface Enlargement {
  readonly model: string;
  /** Pixels. */
  readonly patchSize: number;
  readonly batchSize: number;
  /** Pixels. */
  readonly padding: number;
}

export interface EnlargementTarget {
  readonly owner: string;
  readonly enlargement: Enlargement;
  /** Where the image goes. */
  readonly bucket: string;
  /** What is told of it. */
  readonly processedTopic: string;
  /** How long our own copies are kept, in milliseconds; left out, for ever. */
  readonly retentionMs?: number;
}

const part = 'image';
const output = 'enlarged';

/**
 * What an uploaded image asks for: to be enlarged, put under the MD5 of its URL, and told of. A URL that is none is
 * answered without a job.
 * @param identity the event's, unique
 */
export function enlargementGroup(identity: string, image: UserImage, to: EnlargementTarget): NewGroup {
  const { owner, enlargement, bucket, processedTopic, retentionMs } = to;
  const { model, ...tiles } = enlargement;
  const context: ProcessedImageContext = {
    kind: 'processed-image',
    userImage: image,
    configuration: {
      model_name: model,
      by_patch_of_size: tiles.patchSize,
      batch_size: tiles.batchSize,
      padding_size: tiles.padding,
    },
  };
  const group = { eventKey: `kafka:${identity}`, owner, context };
  const targets = [{ kind: 'kafka', topic: processedTopic }] as const;
  const url = sourceAddress(image.url);
  if (!(url instanceof URL))
    return { ...group, targets, jobs: [], exports: [], refused: [{ part, failure: url }] };
  const filename = filenameOf(url);
  const outputs: OutputRequest[] = [{ name: output, filename, options: { upscale: { model, ...tiles } } }];
  const job = {
    id: uuidv7(),
    part,
    owner,
    priority: 'normal',
    source: { url: url.href, filename },
    outputs,
  } as const;
  const key = createHash('md5').update(image.url).digest('hex');
  return {
    ...group,
    targets,
    jobs: [{ ...job, ...(retentionMs !== undefined && { retentionMs }) }],
    exports: [{ part, output, bucket, key }],
    refused: [],
  };
}

/** The last part of its path where that is a plain name. */
function filenameOf({ pathname }: URL): string {
  const last = pathname.split('/').at(-1) ?? '';
  return /^\w[\w.-]{0,99}$/.test(last) ? last : 'image';
}
