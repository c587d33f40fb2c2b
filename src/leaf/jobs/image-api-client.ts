import { TintypeError } from '../../errors/tintype-error.ts';
import type { Plant } from '../plants.ts';
import { ask } from './http-answer.ts';

/** What the jobs need to know of an image. */
export interface ListedImage {
  readonly id: number;
  /** JPEG in hexadecimal digits, or null. */
  readonly data: string | null;
  readonly disease: string | null;
}

export interface ImageFields {
  readonly camera_id?: number;
  readonly gps_coordinates?: readonly [number, number];
  readonly is_active?: boolean;
  readonly disease?: string;
  /** 0 to 100. */
  readonly percentage?: number;
}

const service = 'The image API';

/** The image API over HTTP. All throw `source-unavailable` while it is away. */
export class ImageApiClient {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  /** Resolves to the new image's id. */
  async create(
    plant: Plant,
    fields: Required<Pick<ImageFields, 'camera_id' | 'gps_coordinates'>>,
    signal: AbortSignal,
  ): Promise<number> {
    const answer = await ask(service, this.#path(plant), { method: 'PUT', body: fields, signal });
    return imageOf(answer).id;
  }

  /** Those that are not deleted, by id from this one on. */
  async list(plant: Plant, fromId: number, limit: number, signal: AbortSignal): Promise<ListedImage[]> {
    const answer = await ask(service, `${this.#path(plant)}?from_id=${fromId}&limit=${limit}`, { signal });
    const { image_list } = answer as { image_list?: unknown };
    if (!Array.isArray(image_list)) throw unexpected();
    return image_list.map(imageOf);
  }

  /** Undefined where there is none. */
  async random(
    plant: Plant,
    filter: { readonly is_active?: boolean },
    signal: AbortSignal,
  ): Promise<ListedImage | undefined> {
    const query = filter.is_active === undefined ? '' : `?is_active=${filter.is_active}`;
    return await ifThere(async () =>
      imageOf(await ask(service, `${this.#path(plant)}random/${query}`, { signal })),
    );
  }

  /** False where there is none any more. */
  async change(plant: Plant, id: number, fields: ImageFields, signal: AbortSignal): Promise<boolean> {
    const request = { method: 'POST', body: { id, ...fields }, signal } as const;
    return (await ifThere(() => ask(service, this.#path(plant), request))) !== undefined;
  }

  /** False where there is none. */
  async delete(plant: Plant, id: number, signal: AbortSignal): Promise<boolean> {
    const request = { method: 'DELETE', signal } as const;
    return (await ifThere(() => ask(service, `${this.#path(plant)}${id}`, request))) !== undefined;
  }

  #path(plant: Plant): string {
    return `${this.#url}/image-plant/${plant}/`;
  }
}

async function ifThere<T>(request: () => Promise<T>): Promise<T | undefined> {
  try {
    return await request();
  } catch (error) {
    if (error instanceof TintypeError && error.code === 'source-not-found') return undefined;
    throw error;
  }
}

function imageOf(answer: unknown): ListedImage {
  const { id, data, disease } = (answer ?? {}) as Partial<Record<keyof ListedImage, unknown>>;
  if (typeof id !== 'number' || !isTextOrNull(data) || !isTextOrNull(disease)) throw unexpected();
  return { id, data, disease };
}

function isTextOrNull(value: unknown): value is string | null {
  return value === null || typeof value === 'string';
}

function unexpected(): TintypeError {
  return new TintypeError('source-unavailable', `${service} answers something else than images.`);
}
