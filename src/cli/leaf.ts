import { Command } from 'commander';
import { leafConsumerCommand } from './leaf-consumer.ts';
import { leafImageApiCommand } from './leaf-image-api.ts';

export function leafCommand(): Command {
  return new Command('leaf')
    .description('the leaf image management system, a process each (docs/leaf.md)')
    .helpCommand(false)
    .addCommand(leafImageApiCommand())
    .addCommand(leafConsumerCommand());
}
