import { Binary } from 'mongodb';
import type { LeafDatabase } from '../images/leaf-database.ts';
import type { Photos } from '../images/photos.ts';
import type { ImageDocument } from '../images/plant-image.ts';
import { repeatableNumbers } from '../images/repeatable-numbers.ts';
import { plants } from '../plants.ts';
import { recordsOf } from './leaf-history.ts';

/** As large as a photo of a leaf at 256×256, and as hard to compress. */
export const photoBytes = 20_000;
const atOnce = 100;

/** What the cameras of a comparison see: no leaf, but of its size. */
export function noisePhotos(): Photos {
  let taken = 0;
  return {
    async next() {
      taken += 1;
      return noise(-taken);
    },
  };
}

/** Puts the same images into both databases, as if they had been mirrored already. */
export async function fillDatabases(
  producer: LeafDatabase,
  consumer: LeafDatabase,
  records: number,
  signal: AbortSignal,
): Promise<void> {
  for (const plant of plants) {
    const count = recordsOf(plant, records);
    for (let first = 1; first <= count; first += atOnce) {
      signal.throwIfAborted();
      const ids = Array.from({ length: Math.min(atOnce, count - first + 1) }, (_, index) => first + index);
      // An insert adds the key of MongoDB to what it is given.
      const images = () => ids.map(startingImage);
      await producer.ask(plant, all => all.insertMany(images().map(image => ({ ...image, published: 1 }))));
      await consumer.ask(plant, all => all.insertMany(images()));
    }
  }
}

function startingImage(id: number): ImageDocument {
  const now = new Date(Date.UTC(2026, 0, 5) + id * 1_000);
  const times = { created_at: now, updated_at: now };
  const known = { is_active: false, is_deleted: false, disease: null, percentage: null, has_disease: false };
  const data = new Binary(noise(id));
  return { id, camera_id: 1, gps_coordinates: [46, 6], ...times, ...known, data, version: 1 };
}

function noise(seed: number): Uint8Array {
  const next = repeatableNumbers(seed);
  const bytes = Buffer.alloc(photoBytes);
  for (let at = 0; at < photoBytes; at += 4) bytes.writeUInt32LE(Math.floor(next() * 2 ** 32), at);
  return bytes;
}
