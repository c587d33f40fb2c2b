import type { Binary } from 'mongodb';

/** A photo of a leaf and what is known of it, without the photo's bytes. */
export interface ImageFacts {
  /** From 1 on, without gaps, for each plant. */
  readonly id: number;
  readonly camera_id: number | string;
  /** Latitude and longitude in degrees. */
  readonly gps_coordinates: readonly [number, number];
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly is_active: boolean;
  /** A deleted image stays, and is found by its id alone. */
  readonly is_deleted: boolean;
  /** `healthy`, the name of a disease, or null while nobody has looked. */
  readonly disease: string | null;
  /** How sure that is, from 0 to 100. */
  readonly percentage: number | null;
}

/** As MongoDB holds it. */
export interface ImageDocument extends ImageFacts {
  /** JPEG. Missing in a copy to which the event with the photo has not come yet. */
  readonly data?: Binary;
  /** 1 at first, one more with each change: of two states the newer has the higher one. */
  readonly version: number;
  /** Follows from `disease`, so that it can be in an index. */
  readonly has_disease: boolean;
  /** In the producer's database alone: since when Kafka lacks a change, and the version that it has. */
  readonly unpublished?: Date;
  readonly published?: number;
}

/** What a change may change. */
export type ImageChange = Partial<
  Pick<ImageFacts, 'camera_id' | 'gps_coordinates' | 'is_active' | 'disease' | 'percentage'>
>;

export function hasDisease(disease: string | null): boolean {
  return disease !== null && disease !== 'healthy';
}

/** The record as HTTP answers have it: the photo in hexadecimal digits, null while it is not there. */
export function imageJson(document: ImageDocument) {
  return { ...factsOf(document), data: document.data?.toString('hex') ?? null };
}

/** Without what is of the database alone. */
export function factsOf(document: ImageFacts): ImageFacts {
  const { id, camera_id, gps_coordinates, created_at, updated_at } = document;
  const { is_active, is_deleted, disease, percentage } = document;
  return {
    ...{ id, camera_id, gps_coordinates, created_at, updated_at },
    ...{ is_active, is_deleted, disease, percentage },
  };
}
