import { TintypeError } from '../errors/tintype-error.ts';

/**
 * A time that fits the schema's `date-time`, in milliseconds since 1970. Leap seconds fit it too, and no clock here has
 * them: they throw `invalid-request`, as a value that is no number would mean no limit at all.
 */
export function timeValue(text: string, pointer: string): number {
  const time = Date.parse(text);
  if (!Number.isNaN(time)) return time;
  throw new TintypeError('invalid-request', `${pointer} is a time that can't be used: a leap second.`, {
    pointer,
  });
}
