import { unlessAborted } from '../../errors/in-time.ts';
import { TintypeError } from '../../errors/tintype-error.ts';
import { placeOf } from '../jobs/camera.ts';
import type { ImageApiClient } from '../jobs/image-api-client.ts';
import { plants } from '../plants.ts';
import type { LeafChange } from './leaf-history.ts';
import type { ScaledClock } from './scaled-clock.ts';

export interface PlayerParts {
  readonly api: ImageApiClient;
  readonly clock: ScaledClock;
  /** Hears of each change when the image API has answered. */
  readonly changed: (change: LeafChange, version: number) => void;
}

/** Has the image API make the changes of a history, each at its time; those of a plant one after the other. */
export class ChangePlayer {
  readonly #parts: PlayerParts;
  readonly #changes: readonly (LeafChange & { readonly made: PromiseWithResolvers<void> })[];
  readonly #versions = new Map<string, number>();

  constructor(changes: readonly LeafChange[], parts: PlayerParts) {
    this.#parts = parts;
    this.#changes = changes.map(change => ({ ...change, made: Promise.withResolvers<void>() }));
  }

  /** Resolves when all are made. Throws what the image API fails with, or the signal's reason. */
  async play(signal: AbortSignal): Promise<void> {
    await Promise.all(
      plants.map(async plant => {
        for (const change of this.#changes.filter(each => each.plant === plant)) {
          await this.#parts.clock.until(change.at, signal);
          await this.make(change, signal);
          change.made.resolve();
        }
      }),
    );
  }

  /** Resolves when those are made whose time has come by then. */
  async madeUpTo(seconds: number, signal: AbortSignal): Promise<void> {
    const due = this.#changes.filter(({ at }) => at <= seconds).map(({ made }) => made.promise);
    await unlessAborted(Promise.all(due), signal);
  }

  async make(change: LeafChange, signal: AbortSignal): Promise<void> {
    const { plant, id } = change;
    if (!(await this.#asked(change, signal))) {
      throw new TintypeError(
        'internal',
        `The image API does not ${change.kind} ${plant} ${id} as it should.`,
      );
    }
    const key = `${plant} ${id}`;
    // An image that was there at the beginning was never changed.
    const version = (this.#versions.get(key) ?? (change.kind === 'create' ? 0 : 1)) + 1;
    this.#versions.set(key, version);
    this.#parts.changed(change, version);
  }

  async #asked(change: LeafChange, signal: AbortSignal): Promise<boolean> {
    const { api } = this.#parts;
    const { plant, id } = change;
    if (change.kind === 'delete') return await api.delete(plant, id, signal);
    const { camera } = change;
    const place = { camera_id: camera, gps_coordinates: placeOf(camera) };
    if (change.kind === 'create') return (await api.create(plant, place, signal)) === id;
    return await api.change(plant, id, { camera_id: camera }, signal);
  }
}
