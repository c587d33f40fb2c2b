import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { TintypeError } from '../../errors/tintype-error.ts';
import type { Plant } from '../plants.ts';

/** What is known of the network that tells diseases; figures stand beside these fields. */
export interface ClassifierCard {
  /** The ONNX file, beside the card. */
  readonly file: string;
  /** Width and height of the photos that the network is given. */
  readonly side: number;
  /** What each of its probabilities is of: a plant and a disease such as `potato/healthy`, or `other`. */
  readonly outputs: readonly string[];
}

const folder = new URL('../../../models/leaf/', import.meta.url);

export function readClassifierCard(): ClassifierCard {
  return JSON.parse(readFileSync(new URL('classifier.json', folder), 'utf8')) as ClassifierCard;
}

export function networkFile(card: ClassifierCard): string {
  return fileURLToPath(new URL(card.file, folder));
}

/** The likeliest disease of a plant, by the probabilities of the network's outputs. Throws `internal` for a plant it has none of. */
export function likeliest(
  card: ClassifierCard,
  plant: Plant,
  probabilities: ArrayLike<number>,
): { disease: string; confidence: number } {
  const [first, ...others] = diseasesOf(card, plant).map(({ disease, output }) => ({
    disease,
    confidence: probabilities[output] ?? 0,
  }));
  if (first === undefined) throw new TintypeError('internal', `The classifier knows nothing of ${plant}.`);
  return others.reduce((best, other) => (other.confidence > best.confidence ? other : best), first);
}

/** What a plant may have, and where its probabilities are. */
export function diseasesOf(card: ClassifierCard, plant: Plant): { disease: string; output: number }[] {
  return card.outputs.flatMap((name, output) => {
    const [of, disease] = name.split('/');
    return of === plant && disease !== undefined ? [{ disease, output }] : [];
  });
}
