import { type ClassifierCard, likeliest } from '../../src/leaf/analyzer/classifier-card.ts';
import { type Plant, plants } from '../../src/leaf/plants.ts';
import type { LeafPhoto } from './leaf-photos.ts';

/** A photo and what the network says of it. */
export interface Answered {
  readonly photo: LeafPhoto;
  readonly probabilities: readonly number[];
}

export interface PlantQuality {
  readonly photos: number;
  readonly accuracy: number;
  /** By what the leaf has, then by what was told: photos. */
  readonly confusion: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** Confidences of photos that show no leaf of the plant. */
export interface Strangers {
  readonly photos: number;
  readonly median: number;
  /** Whose confidence is at least a half. */
  readonly believed: number;
}

export interface LeafQuality {
  readonly photos: number;
  /** When the plant is known, as the analyzer is asked. */
  readonly accuracy: number;
  /** Among all diseases of all plants, as a classifier without that knowledge is measured. */
  readonly accuracyOfAll: number;
  /** Mean difference of confidence and accuracy over ten ranges of confidence. */
  readonly calibrationError: number;
  /** The share of the right plant's photos whose confidence is below a half. */
  readonly doubted: number;
  readonly plants: Readonly<Record<Plant, PlantQuality>>;
  readonly otherPlants: Strangers;
  readonly noLeaves: Strangers;
}

const ranges = 10;

export function measureLeaves(
  card: ClassifierCard,
  answers: readonly Answered[],
  others: readonly (readonly number[])[],
): LeafQuality {
  const told = answers.map(({ photo, probabilities }) => ({
    photo,
    ...likeliest(card, photo.plant, probabilities),
  }));
  const isRight = told.map(({ photo, disease }) => photo.disease === disease);
  const confidences = told.map(({ confidence }) => confidence);
  const foreign = answers.flatMap(({ photo, probabilities }) =>
    plants
      .filter(plant => plant !== photo.plant)
      .map(plant => likeliest(card, plant, probabilities).confidence),
  );
  const noLeaves = others.flatMap(probabilities =>
    plants.map(plant => likeliest(card, plant, probabilities).confidence),
  );
  const ofPlant = (plant: Plant) => plantQuality(told.filter(({ photo }) => photo.plant === plant));
  return {
    photos: answers.length,
    accuracy: share(isRight),
    accuracyOfAll: share(answers.map(({ photo, probabilities }) => isBestOfAll(card, photo, probabilities))),
    calibrationError: calibrationError(confidences, isRight),
    doubted: share(confidences.map(confidence => confidence < 0.5)),
    plants: { potato: ofPlant('potato'), tomato: ofPlant('tomato'), pepper: ofPlant('pepper') },
    otherPlants: strangers(foreign),
    noLeaves: strangers(noLeaves),
  };
}

function isBestOfAll(
  card: ClassifierCard,
  { plant, disease }: LeafPhoto,
  probabilities: readonly number[],
): boolean {
  const leaves = probabilities.slice(0, card.outputs.indexOf('other'));
  return card.outputs[leaves.indexOf(Math.max(...leaves))] === `${plant}/${disease}`;
}

function plantQuality(told: readonly { photo: LeafPhoto; disease: string }[]): PlantQuality {
  const confusion: Record<string, Record<string, number>> = {};
  for (const { photo, disease } of told) {
    confusion[photo.disease] ??= {};
    const row = confusion[photo.disease] as Record<string, number>;
    row[disease] = (row[disease] ?? 0) + 1;
  }
  const accuracy = share(told.map(({ photo, disease }) => photo.disease === disease));
  return { photos: told.length, accuracy, confusion };
}

function calibrationError(confidences: readonly number[], isRight: readonly boolean[]): number {
  const rangeOf = (confidence: number) => Math.min(ranges - 1, Math.floor(confidence * ranges));
  let sum = 0;
  for (let range = 0; range < ranges; range++) {
    const inside = confidences.flatMap((confidence, index) => (rangeOf(confidence) === range ? [index] : []));
    const right = inside.filter(index => isRight[index]).length;
    const expected = inside.reduce((total, index) => total + (confidences[index] ?? 0), 0);
    sum += Math.abs(right - expected);
  }
  return rounded(sum / confidences.length);
}

function strangers(confidences: readonly number[]): Strangers {
  const sorted = confidences.toSorted((one, other) => one - other);
  return {
    photos: confidences.length,
    median: rounded(sorted[Math.floor(sorted.length / 2)] ?? 0),
    believed: share(confidences.map(confidence => confidence >= 0.5)),
  };
}

function share(values: readonly boolean[]): number {
  return rounded(values.filter(Boolean).length / values.length);
}

function rounded(value: number): number {
  return Number(value.toFixed(4));
}
