import { Binary, BSON } from 'mongodb';
import { shortReason } from '../../errors/short-reason.ts';
import { TintypeError } from '../../errors/tintype-error.ts';
import { factsOf, type ImageDocument, type ImageFacts } from '../images/plant-image.ts';
import type { Plant } from '../plants.ts';

/** What an image is after a change. */
export interface ImageEvent {
  readonly image: ImageFacts & { readonly version: number };
  /** JPEG; in the first event of an image at least, for it never changes. */
  readonly data?: Uint8Array;
}

/** Of the layout below. A reader refuses those that it does not know; fields that it does not know are no matter. */
const schema = 1;
/** An image API's events fit into a broker's mebibyte. What is larger might fit into no document of MongoDB. */
const mostBytes = 2_000_000;

type Check = (value: unknown) => boolean;

const isText: Check = value => typeof value === 'string';
const isFlag: Check = value => typeof value === 'boolean';
const isDate: Check = value => value instanceof Date && !Number.isNaN(value.getTime());
const isCount: Check = value => Number.isSafeInteger(value) && Number(value) >= 1;
const isPlace: Check = value => Array.isArray(value) && value.length === 2 && value.every(Number.isFinite);
const orNull =
  (check: Check): Check =>
  value =>
    value === null || check(value);

const checks: Readonly<Record<keyof ImageEvent['image'], Check>> = {
  id: isCount,
  camera_id: value => isText(value) || Number.isSafeInteger(value),
  gps_coordinates: isPlace,
  created_at: isDate,
  updated_at: isDate,
  is_active: isFlag,
  is_deleted: isFlag,
  disease: orNull(isText),
  percentage: orNull(Number.isFinite),
  version: isCount,
};

/** BSON `{schema, plant, image, data?}`: it keeps dates and bytes as the database has them, and photos at their size. */
export function writeImageEvent(plant: Plant, document: ImageDocument): Uint8Array {
  const { version, data } = document;
  const image = { ...factsOf(document), version };
  return BSON.serialize({ schema, plant, image, ...(data !== undefined && { data }) });
}

/** Throws `invalid-record` with the reason for what is no event of that plant, or has more than 2,000,000 bytes. */
export function readImageEvent(plant: Plant, value: Uint8Array | null): ImageEvent {
  if (value === null) throw invalid('It has no value.');
  if (value.length > mostBytes) throw invalid(`Its ${value.length} bytes are more than ${mostBytes}.`);
  try {
    return checked(plant, BSON.deserialize(value));
  } catch (error) {
    if (error instanceof TintypeError) throw error;
    // Whatever a stranger's bytes lead to: it would be the same with the next try.
    throw invalid(`It is not BSON that can be read: ${shortReason(error)}.`);
  }
}

function checked(plant: Plant, event: Record<string, unknown>): ImageEvent {
  if (event.schema !== schema) throw invalid(`Its schema is ${foreign(event.schema)}, not ${schema}.`);
  if (event.plant !== plant) throw invalid(`Its plant is ${foreign(event.plant)}, not ${plant}.`);
  const { image, data } = event;
  if (typeof image !== 'object' || image === null) throw invalid('It has no image.');
  const wrong = Object.entries(checks).find(([name, isRight]) => !isRight(image[name as keyof object]));
  if (wrong !== undefined) throw invalid(`Its field image.${wrong[0]} is missing or wrong.`);
  if (data !== undefined && !(data instanceof Binary)) throw invalid('Its field data is not binary.');
  const facts = image as ImageEvent['image'];
  const read = { ...factsOf(facts), version: facts.version };
  return data === undefined ? { image: read } : { image: read, data: data.value() };
}

/** A stranger's value for a message. Others than these may have a `toString` of their own. */
function foreign(value: unknown): string {
  const isPlain = typeof value === 'string' || typeof value === 'number';
  return isPlain ? String(value).slice(0, 100) : `a value of type ${value === null ? 'null' : typeof value}`;
}

function invalid(message: string): TintypeError {
  return new TintypeError('invalid-record', message);
}
