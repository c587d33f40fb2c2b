import { readFileSync } from 'node:fs';

/** An image that a user of another system uploaded: what is to be enlarged. */
export interface UserImageUploaded {
  readonly id: number;
  /** UUID. */
  readonly website_id: string;
  /** UUID. */
  readonly user_id: string;
  readonly created_at: string;
  readonly url: string;
  readonly format: string;
  readonly width: number;
  readonly height: number;
}

/** What became of it. */
export interface ImageSuperResolutionImageProcessed {
  readonly original_url: string;
  readonly bucket: string | null;
  readonly object_key: string | null;
  /** ISO 8601, UTC. */
  readonly created_at: string;
  readonly success: boolean | null;
  readonly processing_time_in_ms: number;
  readonly processing_configuration: ImageSuperResolutionConfiguration;
  readonly user_image: UserImageUploaded;
}

export interface ImageSuperResolutionConfiguration {
  readonly model_name: string;
  readonly by_patch_of_size: number;
  readonly batch_size: number;
  readonly padding_size: number;
}

/** The Avro schemas of those records, as the files beside this one have them. */
export const recordSchemas = {
  userImageUploaded: readSchema('user-image-uploaded'),
  imageProcessed: readSchema('image-super-resolution-image-processed'),
};

function readSchema(name: string): object {
  const file = new URL(`./schemas/${name}.avsc`, import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')) as object;
}
