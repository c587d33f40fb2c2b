import { type Comparison, measuresOf } from './compare-ways.ts';
import { figure, megabytes, pageTable, secondsText } from './page-figures.ts';
import { hourlyFigures, type WayMeasure } from './way-measure.ts';
import { wayNames, ways } from './ways.ts';

/** How bytes, CPU and staleness grow; empty where nothing was asked to grow. */
export function growthSection({ options, byRecords, byChanges }: Comparison): string {
  const parts: string[] = [];
  if (options.records.length > 1) {
    parts.push(
      `With ${figure(options.changesPerMinute[0])} changes a minute, by the images in the database: MB an hour, CPU seconds an hour, p50.`,
      growthTable(byRecords, ({ records }) => records, 'images'),
      '![Bytes by images](images/leaf-bytes-by-images.svg)\n![CPU by images](images/leaf-cpu-by-images.svg)',
    );
  }
  if (options.changesPerMinute.length > 1) {
    parts.push(
      `With ${figure(options.records[0])} images, by the changes a minute:`,
      growthTable(byChanges, each => each.changesPerMinute, 'changes a minute'),
      '![Bytes by changes](images/leaf-bytes-by-changes.svg)',
      changeCosts(byChanges),
    );
  }
  return parts.length === 0 ? '' : ['## How does each grow?', ...parts].join('\n\n');
}

function growthTable(
  measures: readonly WayMeasure[],
  of: (measure: WayMeasure) => number,
  what: string,
): string {
  const columns = measuresOf(measures, 'batch-all').map(of);
  const cell = (measure: WayMeasure) => {
    const { bytes, cpuSeconds } = hourlyFigures(measure);
    return `${megabytes(bytes)} MB, ${figure(cpuSeconds)} s, ${secondsText(measure.p50)}`;
  };
  return pageTable(
    ['way', ...columns.map(column => `${figure(column)} ${what}`)],
    wayNames.map(way => [ways[way].title, ...measuresOf(measures, way).map(cell)]),
  );
}

/** Bytes of Kafka and MongoDB that a change takes besides those at rest, from the fewest changes to the most. */
function changeCosts(measures: readonly WayMeasure[]): string {
  const costs = wayNames
    .filter(way => ways[way].isStream)
    .map(way => {
      const perChange = measuresOf(measures, way).map(measure => {
        const { used, rest, wallSeconds, changes } = measure;
        const atWork = used.kafka + used.mongodb - (rest.kafka + rest.mongodb) * wallSeconds;
        return figure(Math.max(0, atWork) / changes / 1_000);
      });
      return `${ways[way].title}: ${perChange.join(', ')}`;
    });
  return `Changes that come close together share requests, offsets and acknowledgements. So a change takes the fewer bytes the more there are, and at scaled time they come closer together than in truth. kB for a change, from the fewest changes a minute to the most: ${costs.join('; ')}.`;
}
