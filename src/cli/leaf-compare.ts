import { Command } from 'commander';
import { readLeafConfig } from '../config/leaf-config.ts';
import { TintypeError } from '../errors/tintype-error.ts';
import { parseRetention } from '../jobs/retention.ts';
import type { ComparisonOptions } from '../leaf/comparison/compare-ways.ts';
import { createLogger } from '../telemetry/logger.ts';
import { stopSignal } from './stop-signal.ts';

interface CompareFlags {
  readonly records: string;
  readonly changesPerMinute: string;
  readonly duration: string;
  readonly scale: string;
  readonly docs: string;
}

/** Long enough for the heartbeats of all clients. */
const restSeconds = 30;

export function leafCompareCommand(): Command {
  return new Command('compare')
    .description(
      'measures batch and stream on the same history, on Kafka and MongoDB servers without a leaf system',
    )
    .option(
      '--records <n,…>',
      'images in the database; those after the first show how each way grows',
      '1000',
    )
    .option('--changes-per-minute <m,…>', 'changes; those after the first show how each way grows', '12')
    .option('--duration <time>', 'of the history: a multiple of 10m', '1h')
    .option('--scale <times>', 'how many times faster than time it goes', '60')
    .option('--docs <folder>', 'where leaf-comparison.md is written, and its plots into images/', 'docs')
    .action(compare);
}

async function compare(flags: CompareFlags): Promise<void> {
  const stop = stopSignal();
  const [config, { compareWays, batchSeconds }, { writeComparisonPage }, { openComparisonMetrics }] =
    await Promise.all([
      // What the parts log is no part of the comparison; what stops it is thrown.
      readLeafConfig('image-api', { LOG_LEVEL: 'fatal', ...process.env }),
      import('../leaf/comparison/compare-ways.ts'),
      import('../leaf/comparison/comparison-page.ts'),
      import('../leaf/comparison/comparison-metrics.ts'),
    ]);
  const options = optionsOf(flags, batchSeconds);
  const logger = createLogger(config.LOG_LEVEL);
  await using metrics = await openComparisonMetrics(config, logger);
  const comparison = await compareWays(options, {
    ...{ config, logger, metrics: metrics.metrics, signal: stop },
    tell: line => console.log(line),
  });
  console.log(`written: ${await writeComparisonPage(comparison, flags.docs, commandOf(flags))}`);
}

/** Throws `invalid-request`. */
function optionsOf(flags: CompareFlags, batchSeconds: number): ComparisonOptions {
  const seconds = (parseRetention(flags.duration) ?? 0) / 1_000;
  if (seconds < batchSeconds || seconds % batchSeconds !== 0) {
    throw refused('--duration', flags.duration, 'a multiple of 10m, such as 10m or 1h');
  }
  const [scale = 0] = numbersOf('--scale', flags.scale, 1, 10_000);
  return {
    records: numbersOf('--records', flags.records, 6, 10_000_000),
    changesPerMinute: numbersOf('--changes-per-minute', flags.changesPerMinute, 0.1, 100_000),
    ...{ seconds, scale, restSeconds },
  };
}

function numbersOf(flag: string, text: string, least: number, most: number): [number, ...number[]] {
  const [first, ...others] = text.split(',').map(Number);
  const isWrong = [first, ...others].some(number => !(Number(number) >= least && Number(number) <= most));
  if (first === undefined || isWrong)
    throw refused(flag, text, `numbers from ${least} to ${most}, such as ${least},100`);
  return [first, ...others];
}

function refused(flag: string, found: string, accepted: string): TintypeError {
  return new TintypeError('invalid-request', `${flag} is '${found}'; accepted: ${accepted}`);
}

function commandOf({ records, changesPerMinute, duration, scale }: CompareFlags): string {
  return `tintype leaf compare --records ${records} --changes-per-minute ${changesPerMinute} --duration ${duration} --scale ${scale}`;
}
