import type { Interval } from './statistics-store.ts';

export const intervalKinds = ['hour', 'day', 'month'] as const;
export type IntervalKind = (typeof intervalKinds)[number];

const hourMs = 3_600_000;

/**
 * The hours, days or months in UTC that a span of time touches; the first and the last are cut to the span, which is
 * widened to whole hours.
 * @param from milliseconds since the epoch, inclusive
 * @param to exclusive
 */
export function intervalsOf(kind: IntervalKind, from: number, to: number): Interval[] {
  const begin = Math.floor(from / hourMs) * hourMs;
  const end = Math.ceil(to / hourMs) * hourMs;
  const intervals: Interval[] = [];
  for (let start = begin; start < end; ) {
    const next = Math.min(nextStart(kind, start), end);
    intervals.push({ start, end: next });
    start = next;
  }
  return intervals;
}

function nextStart(kind: IntervalKind, time: number): number {
  if (kind === 'hour') return time + hourMs;
  const date = new Date(time);
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()];
  return kind === 'day' ? Date.UTC(year, month, day + 1) : Date.UTC(year, month + 1, 1);
}
