import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
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

/** What a plant may have, and where its probabilities are. */
export function diseasesOf(card: ClassifierCard, plant: Plant): { disease: string; output: number }[] {
  return card.outputs.flatMap((name, output) => {
    const [of, disease] = name.split('/');
    return of === plant && disease !== undefined ? [{ disease, output }] : [];
  });
}
