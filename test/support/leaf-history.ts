import { Binary } from 'mongodb';
import { writeImageEvent } from '../../src/leaf/events/image-event.ts';
import { hasDisease, type ImageDocument } from '../../src/leaf/images/plant-image.ts';
import type { Plant } from '../../src/leaf/plants.ts';
import { type SeededNumbers, seededNumbers } from './seeded-numbers.ts';

/** What happened to the images of a plant. */
export interface LeafHistory {
  /** The images in the end, by id from 1 on. */
  readonly images: readonly ImageDocument[];
  /** Every change, in its order. */
  readonly events: readonly LeafHistoryEvent[];
}

interface LeafHistoryEvent {
  readonly key: string;
  readonly value: Uint8Array;
}

const photoBytes = 20_000;
/** Of so many events one is a creation, and of so many later ones one a deletion. */
const creations = 10;
const deletions = 20;
/** A duplicate comes at most so many events after its original. */
const latest = 1_000;

/** So many changes: images that are made, changed and deleted; the same for the same seed. */
export function leafHistory(plant: Plant, changes: number, seed: number): LeafHistory {
  const random = seededNumbers(seed);
  const images: ImageDocument[] = [];
  const events: LeafHistoryEvent[] = [];
  while (events.length < changes) {
    const index = random(images.length);
    const old = images[index];
    const isCreation = old === undefined || old.is_deleted || events.length % creations === 0;
    const image = isCreation ? newImage(images.length + 1, random) : changed(old, random);
    images[image.id - 1] = image;
    const { data, ...rest } = image;
    events.push({ key: String(image.id), value: writeImageEvent(plant, isCreation ? image : rest) });
  }
  return { images, events };
}

/** Some percent of the events twice, the second time later; the first ones keep their order. */
export function withDuplicates(
  events: readonly LeafHistoryEvent[],
  percent: number,
  seed: number,
): LeafHistoryEvent[] {
  const random = seededNumbers(seed);
  const placed = events.flatMap((event, place) =>
    random(100) < percent
      ? [
          { event, place },
          { event, place: place + 0.5 + random(latest) },
        ]
      : [{ event, place }],
  );
  return placed.toSorted((one, other) => one.place - other.place).map(({ event }) => event);
}

export function newImage(id: number, random: SeededNumbers): ImageDocument {
  const bytes = Buffer.alloc(photoBytes);
  for (let at = 0; at < photoBytes; at += 4) bytes.writeUInt32LE(random(2 ** 32), at);
  const now = new Date(Date.UTC(2026, 0, 5) + id * 1_000);
  return {
    id,
    camera_id: random(50),
    gps_coordinates: [46 + random(100) / 100, 6],
    created_at: now,
    updated_at: now,
    is_active: false,
    is_deleted: false,
    disease: null,
    percentage: null,
    has_disease: false,
    data: new Binary(bytes),
    version: 1,
  };
}

function changed(image: ImageDocument, random: SeededNumbers): ImageDocument {
  const version = image.version + 1;
  const next = { ...image, version, updated_at: new Date(image.updated_at.getTime() + 1_000) };
  if (random(deletions) === 0) return { ...next, is_deleted: true };
  const disease = ['healthy', 'late_blight', 'early_blight'][random(3)] ?? null;
  return {
    ...next,
    is_active: random(2) === 1,
    disease,
    percentage: random(1000) / 10,
    has_disease: hasDisease(disease),
  };
}
