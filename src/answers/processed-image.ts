import type { GroupReport } from '../jobs/group-report.ts';
import { isoTime } from '../jobs/iso-time.ts';
import { contextOf, type GroupContext } from './group-context.ts';

/** The record that asked for it: `UserImageUploaded`. */
export interface UserImage {
  readonly id: number;
  readonly website_id: string;
  readonly user_id: string;
  readonly created_at: string;
  readonly url: string;
  readonly format: string;
  readonly width: number;
  readonly height: number;
}

/** How it was enlarged. */
export interface ProcessingConfiguration {
  readonly model_name: string;
  readonly by_patch_of_size: number;
  readonly batch_size: number;
  readonly padding_size: number;
}

/** What the answer to an event of Kafka needs beside what became of its image. */
export interface ProcessedImageContext extends GroupContext {
  readonly kind: 'processed-image';
  readonly userImage: UserImage;
  readonly configuration: ProcessingConfiguration;
}

/** The record that tells of it: `ImageSuperResolutionImageProcessed`. */
export interface ProcessedImage {
  readonly original_url: string;
  readonly bucket: string;
  readonly object_key: string;
  readonly created_at: string;
  readonly success: boolean;
  readonly processing_time_in_ms: number;
  readonly processing_configuration: ProcessingConfiguration;
  readonly user_image: UserImage;
}

/** Avro's `int`. */
const greatestInt = 2 ** 31 - 1;

/** The answer to an event that asked for one image; bucket and key are empty where it could not be made. */
export function processedImage(report: GroupReport): ProcessedImage {
  const { userImage, configuration } = contextOf<ProcessedImageContext>(report, 'processed-image');
  const part = report.parts[0];
  const success = part?.status === 'complete';
  const place = success ? report.exports.find(each => each.part === part.part) : undefined;
  const { startedAt = 0, endedAt = startedAt } = part ?? {};
  return {
    original_url: userImage.url,
    bucket: place?.bucket ?? '',
    object_key: place?.key ?? '',
    created_at: isoTime(report.endedAt),
    success,
    processing_time_in_ms: Math.min(greatestInt, Math.max(0, part?.startedAt ? endedAt - startedAt : 0)),
    processing_configuration: configuration,
    user_image: userImage,
  };
}
