import { TintypeError } from '../../errors/tintype-error.ts';
import { isPlant, type Plant, plants } from '../plants.ts';

/** Throws `not-found` for a plant of which there are no images. */
export function plantOf({ plant }: { plant: string }): Plant {
  if (isPlant(plant)) return plant;
  throw new TintypeError('not-found', `There is no plant '${plant}'. There are: ${plants.join(', ')}.`);
}

/** Throws `invalid-request` for what is no id. */
export function idOf({ id }: { id: string }): number {
  if (/^[1-9]\d{0,14}$/.test(id)) return Number(id);
  throw new TintypeError('invalid-request', `'${id}' is no id. Accepted: a whole number from 1 on.`, {
    pointer: '/id',
  });
}

export function noImage(plant: Plant, id: number): TintypeError {
  return new TintypeError('not-found', `There is no image ${id} of ${plant}.`);
}
