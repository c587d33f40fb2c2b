import { mkdir, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { costSection, intervalSection, measureOf } from './answers-page.ts';
import type { Comparison } from './compare-ways.ts';
import { comparisonPlots } from './comparison-plots.ts';
import { growthSection } from './growth-page.ts';
import { figure, megabytes, pageTable, secondsText } from './page-figures.ts';
import { photoBytes } from './starting-images.ts';
import { hourlyFigures, type WayMeasure } from './way-measure.ts';
import { ways } from './ways.ts';

/** Writes the page into a folder, and its plots into `images` there. Resolves to the page's file. */
export async function writeComparisonPage(
  comparison: Comparison,
  folder: string,
  command: string,
): Promise<string> {
  const images = path.join(folder, 'images');
  await mkdir(images, { recursive: true });
  for (const [name, svg] of comparisonPlots(comparison)) {
    await writeFile(path.join(images, `${name}.svg`), svg);
  }
  const file = path.join(folder, 'leaf-comparison.md');
  const sections = [
    head(comparison, command),
    findings(comparison),
    growthSection(comparison),
    intervalSection(comparison),
    costSection(comparison),
    method(comparison),
  ];
  await writeFile(file, `${sections.filter(section => section !== '').join('\n\n')}\n`);
  return file;
}

function head({ ways: measures, options, loadBefore }: Comparison, command: string): string {
  const [records, changesPerMinute] = [options.records[0], options.changesPerMinute[0]].map(figure);
  const interval = measures.find(({ batches }) => batches !== undefined)?.batches?.intervalSeconds ?? 0;
  return `# How do batch and stream compare?

The consumer's database of the [leaf system](leaf.md) can be kept a copy of the producer's by a batch, as at first, or by a
stream, as now. Here all ways mirror the same history on the same machine: ${records} images of ${figure(photoBytes / 1_000)} kB, ${changesPerMinute} changes a
minute, of which one in ten makes an image and one in twenty deletes one. Batches run every ${figure(interval)} s. MB on the wire, images and
CPU seconds are for an hour; staleness is the time from a change to its copy in the consumer's database.

${waysTable(measures)}

HTTP is what asks the image API for the changes: it is no part of the mirroring, and the same whichever way mirrors. Its answers
have the photo in hexadecimal digits, of twice its size.

<!-- Made by the command below, like all of this page. -->

\`${command}\`, ${new Date().toISOString().slice(0, 10)}, ${os.availableParallelism()} × ${os.cpus()[0]?.model.trim()}.
Before it began, ${figure(loadBefore)} processes wanted a core on average: the more there are, the later the stream's copies come.`;
}

function waysTable(measures: readonly WayMeasure[]): string {
  const header = [
    ...['way', 'Kafka', 'MongoDB', 'both', 'of that at rest', 'HTTP'],
    ...['images moved', 'staleness p50', 'p99', 'CPU s', 'differences'],
  ];
  const rows = measures.map(measure => {
    const { kafkaBytes, mongoBytes, bytes, restBytes, httpBytes, images, cpuSeconds } =
      hourlyFigures(measure);
    const figures = [kafkaBytes, mongoBytes, bytes, restBytes, httpBytes].map(megabytes);
    const { p50, p99, differences } = measure;
    const rest = [
      figure(images),
      secondsText(p50),
      secondsText(p99),
      figure(cpuSeconds),
      String(differences),
    ];
    return [ways[measure.way].title, ...figures, ...rest];
  });
  return pageTable(header, rows);
}

function findings(comparison: Comparison): string {
  const of = (way: Parameters<typeof measureOf>[1]) => {
    const measure = measureOf(comparison, way);
    return { ...measure, ...hourlyFigures(measure) };
  };
  const [all, changed, always, once] = [
    of('batch-all'),
    of('batch-changed'),
    of('stream-always'),
    of('stream-once'),
  ];
  const times = (one: number, other: number) =>
    one >= other ? `${figure(one / other)} times` : `${figure((100 * one) / other)} % of`;
  return `- The stream with the photo once takes ${times(once.bytes, all.bytes)} the bytes of the batch of all images, and ${times(once.bytes, changed.bytes)} those of the batch of changed images.
- Half of its copies are there after ${secondsText(once.p50)}, a batch's after ${secondsText(all.p50)}: the batch lets a change wait for half of its interval.
- The photo in every event makes the stream take ${times(always.bytes, once.bytes)} the bytes that it takes with the photo once, for nothing but topics that are compacted: a photo never changes.
- Of the stream's bytes ${figure((100 * once.restBytes) / once.bytes)} % are spent at rest, on asking whether there is something new.
- The stream takes ${figure(once.cpuSeconds)} CPU seconds an hour, the batch of all images ${figure(all.cpuSeconds)}, that of changed images ${figure(changed.cpuSeconds)}.`;
}

function method({ options }: Comparison): string {
  return `## How was it measured?

- Each way begins with two new databases that are the same, and topics that are empty. A process of its own does the mirroring, with the
  publisher and the consumer of the leaf system, or its synchronizer; the batch of changed images is there for this comparison
  alone. Everything else is in another process: the image API without its publisher, whoever asks it for the changes, and
  whoever watches the consumer's database.
- Bytes are those of the mirroring process's connections, in both directions, as TCP carries them: without the headers of TCP and IP,
  without TLS, without compression. What brokers and databases do among themselves is not in them. A byte that goes from one
  database to the other by way of the mirroring process counts twice, as it does on the wire.
- The history is one of ${figure(options.seconds / 60)} minutes that goes ${figure(options.scale)} times faster than time. For what that leaves out, each way is charged what it takes
  at rest, which is measured for ${figure(options.restSeconds)} s without changes. While a batch copies, the history goes as fast as time, so that its copying is not
  made to look slow. A stream's staleness is not scaled: it was measured under ${figure(options.scale)} times the load.
- A stream's staleness begins with the image API's answer to a change, a batch's with the change's time in the history. It ends when a reader who looks every 10 ms finds the copy.
- CPU seconds are those of the mirroring process, not of Kafka and MongoDB.
- The MongoDB server is SecantusDB where the project's script starts it; MongoDB's own may differ in CPU and staleness, hardly in bytes.
- The batch of changed images asks for \`updated_at\`, with an index on it. It is right only where the producer has one clock and one writer a plant,
  as here; a real one would have to look back by the longest write and the difference of the clocks, and copy that much twice. The
  stream goes by versions and does not depend on clocks.`;
}
