import { TintypeError } from '../../errors/tintype-error.ts';
import type { Plant } from '../plants.ts';
import { ask } from './http-answer.ts';

export interface Diagnosis {
  /** `healthy`, or the name of a disease. */
  readonly disease: string;
  /** 0 to 1. */
  readonly confidence: number;
}

const service = 'The analyzer';

/** The analyzer over HTTP. */
export class AnalyzerClient {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  /** Throws `source-unavailable` while it is away, and `source-refused` for a photo that it can't use. */
  async classify(plant: Plant, photo: Buffer, signal: AbortSignal): Promise<Diagnosis> {
    const url = `${this.#url}/${plant}/disease-classify`;
    const answer = await ask(service, url, { method: 'POST', body: photo, signal });
    const { predicted_class: disease, confidence } = (answer ?? {}) as Record<string, unknown>;
    if (typeof disease === 'string' && typeof confidence === 'number') return { disease, confidence };
    throw new TintypeError('source-unavailable', `${service} answers something else than a class.`);
  }
}
