import { randomInt } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { TintypeError } from '../../errors/tintype-error.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { type Plant, plants } from '../plants.ts';
import { drawLeaf } from './drawn-leaf.ts';

/** Larger ones fit into no event: brokers take a mebibyte. */
const mostBytes = 900_000;

/** What cameras see. */
export interface Photos {
  /** JPEG. */
  next(plant: Plant): Promise<Uint8Array>;
}

/** New drawings, where there are no photos. */
export const drawings: Photos = { next: plant => drawLeaf(plant, randomInt(2 ** 31)) };

/** Photos of a folder by chance, of its folder of the plant's name where it has one. */
export class PhotoFolder implements Photos {
  readonly #files: ReadonlyMap<Plant, string[]>;
  readonly #logger: Logger;

  /** Throws `invalid-configuration` where it can't be read. */
  static async open(folder: string, logger: Logger): Promise<PhotoFolder> {
    let names: string[];
    try {
      names = await readdir(folder, { recursive: true });
    } catch (cause) {
      const message = `LEAF_PHOTOS is '${folder}'; accepted: a folder with photos`;
      throw new TintypeError('invalid-configuration', message, { cause });
    }
    const photos = names.filter(name => /\.jpe?g$/i.test(name));
    const own = (plant: Plant) => photos.filter(name => name.split(path.sep)[0] === plant);
    const common = photos.filter(name => !plants.some(plant => name.split(path.sep)[0] === plant));
    const filesOf = (plant: Plant) => (own(plant).length > 0 ? own(plant) : common);
    const files = plants.map(plant => [plant, filesOf(plant).map(name => path.join(folder, name))] as const);
    return new PhotoFolder(new Map(files), logger);
  }

  private constructor(files: ReadonlyMap<Plant, string[]>, logger: Logger) {
    this.#files = files;
    this.#logger = logger;
  }

  /** A drawing where there is none that can be read. */
  async next(plant: Plant): Promise<Uint8Array> {
    const files = this.#files.get(plant) ?? [];
    while (files.length > 0) {
      const index = randomInt(files.length);
      const [file = ''] = files.slice(index);
      const photo = await readFile(file).catch(() => undefined);
      if (photo !== undefined && isJpeg(photo) && photo.length <= mostBytes) return photo;
      this.#logger.warn({ file }, 'is no JPEG of at most 900,000 bytes, and is left out');
      files.splice(index, 1);
    }
    return drawings.next(plant);
  }
}

function isJpeg(bytes: Uint8Array): boolean {
  return bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff;
}
