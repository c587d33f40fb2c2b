import { hourlyFigures, type WayMeasure } from './way-measure.ts';
import { ways } from './ways.ts';

/** Round figures of the kind that clouds ask, in dollars; nobody's price list. */
export const prices = {
  perGigabyteSent: 0.02,
  perCoreHour: 0.04,
  perGigabyteMonth: 0.1,
} as const;

/** What a stream needs besides. */
export const brokers = { count: 3, cores: 2, replicas: 3, keptHours: 168 } as const;

/** Dollars in a year. */
export interface YearlyCost {
  readonly traffic: number;
  readonly cores: number;
  readonly storage: number;
  readonly brokers: number;
  readonly total: number;
}

const hours = 8_760;

export function yearlyCost(measure: WayMeasure): YearlyCost {
  const { bytes, cpuSeconds } = hourlyFigures(measure);
  const { isStream } = ways[measure.way];
  const traffic = (bytes / 1e9) * hours * prices.perGigabyteSent;
  const cores = (cpuSeconds / 3_600) * hours * prices.perCoreHour;
  const kept = (measure.imageBytes / measure.seconds) * 3_600 * brokers.keptHours * brokers.replicas;
  const storage = isStream ? (kept / 1e9) * 12 * prices.perGigabyteMonth : 0;
  const ofBrokers = isStream ? brokers.count * brokers.cores * hours * prices.perCoreHour : 0;
  return { traffic, cores, storage, brokers: ofBrokers, total: traffic + cores + storage + ofBrokers };
}

/** Images from which on a batch of all of them costs as much as that stream, which does not grow with them. */
export function breakEvenRecords(batchOfAll: WayMeasure, stream: WayMeasure): number {
  const { traffic, cores } = yearlyCost(batchOfAll);
  return (yearlyCost(stream).total / (traffic + cores)) * batchOfAll.records;
}
