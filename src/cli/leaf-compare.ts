import { Command } from 'commander';
import { readLeafConfig } from '../config/leaf-config.ts';
import { TintypeError } from '../errors/tintype-error.ts';
import { parseRetention } from '../jobs/retention.ts';
import type { ComparisonOptions } from '../leaf/comparison/compare-ways.ts';
import { batchSeconds } from '../leaf/comparison/ways.ts';
import { createLogger } from '../telemetry/logger.ts';
import { exitCodes, type SetExitCode } from './exit-codes.ts';
import { signalExitCode, stopSignal } from './stop-signal.ts';

interface CompareFlags {
  readonly records: string;
  readonly changesPerMinute: string;
  readonly duration: string;
  readonly scale: string;
  readonly docs: string;
}

/** Long enough for the heartbeats of all clients. */
const restSeconds = 30;

export function leafCompareCommand(setExitCode: SetExitCode): Command {
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
    .action(async (flags: CompareFlags) => setExitCode(await compare(flags)));
}

/** Resolves to the exit code. */
async function compare(flags: CompareFlags): Promise<number> {
  const stop = stopSignal();
  const options = optionsOf(flags);
  // What the parts log is no part of the comparison; what stops it is thrown.
  const config = readLeafConfig('image-api', { LOG_LEVEL: 'fatal', ...process.env });
  const logger = createLogger(config.LOG_LEVEL);
  // Loaded only here, because they bring the clients of Kafka and MongoDB.
  const [{ compareWays }, { writeComparisonPage }, { openComparisonMetrics }] = await Promise.all([
    import('../leaf/comparison/compare-ways.ts'),
    import('../leaf/comparison/comparison-page.ts'),
    import('../leaf/comparison/comparison-metrics.ts'),
  ]);
  await using served = await openComparisonMetrics(config, logger);
  const tell = (line: string) => console.log(line);
  const parts = { config, logger, tell, metrics: served.metrics, signal: stop };
  const comparison = await compareWays(options, parts).catch(error => {
    if (!stop.aborted) throw error;
  });
  if (comparison === undefined) return signalExitCode(stop.reason);
  console.log(`written: ${await writeComparisonPage(comparison, flags.docs, commandOf(flags))}`);
  return exitCodes.ok;
}

/** Throws `invalid-request`. */
function optionsOf(flags: CompareFlags): ComparisonOptions {
  const seconds = (parseRetention(flags.duration) ?? 0) / 1_000;
  if (seconds < batchSeconds || seconds % batchSeconds !== 0) {
    throw refused('--duration', flags.duration, 'a multiple of 10m, such as 10m or 1h');
  }
  const records = numbersOf('--records', flags.records, 6, 10_000_000);
  if (!records.every(Number.isInteger)) throw refused('--records', flags.records, 'whole numbers');
  const changesPerMinute = numbersOf('--changes-per-minute', flags.changesPerMinute, 0.1, 100_000);
  const [scale] = numbersOf('--scale', flags.scale, 1, 10_000);
  return { records, changesPerMinute, seconds, scale, restSeconds };
}

function numbersOf(flag: string, text: string, least: number, most: number): [number, ...number[]] {
  const [first = Number.NaN, ...others] = text.split(',').map(Number);
  const isRight = [first, ...others].every(number => number >= least && number <= most);
  if (!isRight) throw refused(flag, text, `numbers from ${least} to ${most}`);
  return [first, ...others];
}

function refused(flag: string, found: string, accepted: string): TintypeError {
  return new TintypeError('invalid-request', `${flag} is '${found}'; accepted: ${accepted}`);
}

function commandOf({ records, changesPerMinute, duration, scale }: CompareFlags): string {
  return `tintype leaf compare --records ${records} --changes-per-minute ${changesPerMinute} --duration ${duration} --scale ${scale}`;
}
