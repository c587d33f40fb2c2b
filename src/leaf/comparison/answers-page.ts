import { estimateBatch, intervalFor } from './batch-interval.ts';
import type { Comparison } from './compare-ways.ts';
import { dollars, figure, megabytes, pageTable, secondsText } from './page-figures.ts';
import { hourlyFigures, type WayMeasure } from './way-measure.ts';
import { type Way, wayNames, ways } from './ways.ts';
import { breakEvenRecords, brokers, prices, yearlyCost } from './yearly-cost.ts';

/** Seconds. */
const intervals = [600, 300, 60, 10, 1];

/** What the batches would need to come near the stream. */
export function intervalSection(comparison: Comparison): string {
  const [all, changed, stream] = (['batch-all', 'batch-changed', 'stream-once'] as const).map(way =>
    measureOf(comparison, way),
  ) as [WayMeasure, WayMeasure, WayMeasure];
  const rows = intervals.map(interval => [
    `every ${figure(interval)} s`,
    ...[all, changed].flatMap(measure => estimateCells(measure, interval)),
  ]);
  const header = ['batch', 'all: MB an hour', 'p50', 'p99', 'changed: MB an hour', 'p50', 'p99'];
  return `## What would a batch need to come near the stream?

A shorter interval: a change waits for half of it on average, and then for the batch. Reckoned from what was measured at
${figure(all.batches?.intervalSeconds ?? 0)} s, for ${figure(all.records)} images and ${figure(all.changesPerMinute)} changes a minute. A batch can't begin again before it has ended.

${pageTable(header, rows)}

${checkOf(comparison.checked, changed)}

The stream with the photo once: ${megabytes(hourlyFigures(stream).bytes)} MB an hour, p50 ${secondsText(stream.p50)}, p99 ${secondsText(stream.p99)}.

![What freshness costs in bytes](images/leaf-staleness.svg)

${[all, changed].map(measure => needOf(measure, stream)).join('\n')}`;
}

/** What was reckoned beside what was measured. */
function checkOf(checked: WayMeasure, changed: WayMeasure): string {
  const interval = checked.batches?.intervalSeconds ?? 0;
  const { bytes, p50, p99 } = estimateBatch(changed, interval);
  const found = `${megabytes(hourlyFigures(checked).bytes)} MB an hour, p50 ${secondsText(checked.p50)}, p99 ${secondsText(checked.p99)}`;
  const reckoned = `${megabytes(bytes)} MB, ${secondsText(p50)}, ${secondsText(p99)}`;
  return `The batch of changed images, measured with an interval of ${secondsText(interval)}: ${found}; reckoned: ${reckoned}.`;
}

function estimateCells(measure: WayMeasure, interval: number): string[] {
  const { bytes, p50, p99, isPossible } = estimateBatch(measure, interval);
  return isPossible ? [megabytes(bytes), secondsText(p50), secondsText(p99)] : ['too long', '–', '–'];
}

function needOf(measure: WayMeasure, stream: WayMeasure): string {
  const { title } = ways[measure.way];
  const interval = intervalFor(measure, stream.p50);
  if (interval === undefined) {
    const { batches } = measure;
    const seconds = measure.way === 'batch-all' ? batches?.seconds : batches?.empty.seconds;
    const least = secondsText(1.5 * (seconds ?? 0));
    return `- ${title}: can't. One takes ${secondsText(seconds ?? 0)}, so that half of the copies can't come in less than some ${least}, even if it never pauses.`;
  }
  const { bytes } = estimateBatch(measure, interval);
  const times = figure(bytes / hourlyFigures(stream).bytes);
  return `- ${title}: with an interval of ${secondsText(interval)}, for ${megabytes(bytes)} MB an hour, ${times} times what the stream takes.`;
}

/** What a year costs. */
export function costSection(comparison: Comparison): string {
  const rows = wayNames.map(way => {
    const cost = yearlyCost(measureOf(comparison, way));
    const parts = [cost.traffic, cost.cores, cost.storage, cost.brokers, cost.total];
    return [ways[way].title, ...parts.map(dollars), dollars(cost.total - cost.brokers)];
  });
  const [all, stream] = [measureOf(comparison, 'batch-all'), measureOf(comparison, 'stream-once')];
  const ofStream = yearlyCost(stream);
  const header = [
    'way',
    'bytes',
    'CPU',
    'kept events',
    'brokers',
    'dollars a year',
    'where brokers are there anyway',
  ];
  return `## What does a year cost?

${pageTable(header, rows)}

Assumed, in round figures that are nobody's price list: put your own in their place.

- This load all year round, day and night: ${figure(all.records)} images, ${figure(all.changesPerMinute)} changes a minute.
- Every byte of the table above crosses from one zone of a cloud to another, at ${prices.perGigabyteSent} dollars a GB.
- A core costs ${prices.perCoreHour} dollars an hour, and is paid for the CPU seconds of the table alone: of the mirroring process, not of the servers.
- A stream needs ${brokers.count} brokers of ${brokers.cores} cores. They keep the events for ${brokers.keptHours / 24} days in ${brokers.replicas} replicas, at ${prices.perGigabyteMonth} dollars a GB and month.
- What both need is left out: the databases, the image API, people.

Of what the stream with the photo once costs, the brokers are ${figure((100 * ofStream.brokers) / ofStream.total)} %. The batch of all images grows with the images, and
the stream does not: with these prices they cost the same at some ${figure(Number(breakEvenRecords(all, stream).toPrecision(2)))} images.`;
}

export function measureOf({ ways: measures }: Pick<Comparison, 'ways'>, way: Way): WayMeasure {
  const measure = measures.find(each => each.way === way);
  if (measure === undefined) throw new TypeError(`${way} was not measured.`);
  return measure;
}
