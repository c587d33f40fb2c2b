import { estimateBatch } from './batch-interval.ts';
import { type Comparison, measuresOf } from './compare-ways.ts';
import { type LogPlot, logPlot } from './log-plot.ts';
import { type HourlyFigures, hourlyFigures, type WayMeasure } from './way-measure.ts';
import { wayNames, ways } from './ways.ts';

/** Seconds. */
const intervals = [600, 300, 120, 60, 30, 10, 5, 2, 1];

/** SVGs by their names, without the extension. */
export function comparisonPlots(comparison: Comparison): Map<string, string> {
  const { records, changesPerMinute } = comparison.options;
  const plots: Record<string, LogPlot> = {
    'leaf-staleness': staleness(comparison.ways),
  };
  if (records.length > 1) {
    const x = `images in the database (${changesPerMinute[0]} changes a minute)`;
    const by = (title: string, y: string, of: (figures: HourlyFigures) => number): LogPlot => ({
      ...{ title, x, y },
      series: growth(comparison.byRecords, ({ records }) => records, of),
    });
    plots['leaf-bytes-by-images'] = by('Bytes, as the images become more', 'MB an hour', megabytes);
    plots['leaf-cpu-by-images'] = by('CPU, as the images become more', 'CPU seconds an hour', cpu);
  }
  if (changesPerMinute.length > 1) {
    plots['leaf-bytes-by-changes'] = {
      title: 'Bytes, as the changes become more',
      x: `changes a minute (${records[0]} images)`,
      y: 'MB an hour',
      series: growth(comparison.byChanges, each => each.changesPerMinute, megabytes),
    };
  }
  return new Map(Object.entries(plots).map(([name, plot]) => [name, logPlot(plot)] as const));
}

const megabytes = ({ bytes }: HourlyFigures) => bytes / 1e6;
const cpu = ({ cpuSeconds }: HourlyFigures) => cpuSeconds;

function growth(
  measures: readonly WayMeasure[],
  of: (measure: WayMeasure) => number,
  figure: (figures: HourlyFigures) => number,
): LogPlot['series'] {
  return wayNames.map(way => ({
    name: ways[way].title,
    points: measuresOf(measures, way).map(each => [of(each), figure(hourlyFigures(each))] as const),
  }));
}

/** Batches by their intervals; of streams there is one each. */
function staleness(measures: readonly WayMeasure[]): LogPlot {
  return {
    title: 'What freshness costs in bytes',
    x: 'seconds until half of the changes have their copy',
    y: 'MB an hour',
    series: measures.map(measure => ({
      name: ways[measure.way].title,
      points: measure.batches === undefined ? [pointOf(measure)] : pointsOf(measure),
    })),
  };
}

function pointOf(measure: WayMeasure): readonly [number, number] {
  return [measure.p50, megabytes(hourlyFigures(measure))];
}

function pointsOf(measure: WayMeasure): (readonly [number, number])[] {
  return intervals
    .map(interval => estimateBatch(measure, interval))
    .filter(({ isPossible }) => isPossible)
    .map(({ p50, bytes }) => [p50, bytes / 1e6] as const);
}
