import { Command } from 'commander';
import { produceRecordsCommand } from './produce-records.ts';

export function kafkaCommand(): Command {
  return new Command('kafka')
    .description('for tests and operators: records for the topics that the intake consumes')
    .helpCommand(false)
    .addCommand(produceRecordsCommand());
}
