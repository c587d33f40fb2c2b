import { Command } from 'commander';
import type { SetExitCode } from './exit-codes.ts';
import { leafAnalyzerCommand } from './leaf-analyzer.ts';
import { leafCompareCommand } from './leaf-compare.ts';
import { leafConsumerCommand } from './leaf-consumer.ts';
import { leafImageApiCommand } from './leaf-image-api.ts';
import { leafJobCommands } from './leaf-jobs.ts';

export function leafCommand(setExitCode: SetExitCode): Command {
  const command = new Command('leaf')
    .description('the leaf image management system, a process each, and a comparison (docs/leaf.md)')
    .helpCommand(false)
    .addCommand(leafImageApiCommand())
    .addCommand(leafAnalyzerCommand())
    .addCommand(leafConsumerCommand());
  for (const job of leafJobCommands()) command.addCommand(job);
  return command.addCommand(leafCompareCommand(setExitCode));
}
