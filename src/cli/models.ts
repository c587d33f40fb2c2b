import { Command } from 'commander';
import type { SetExitCode } from './exit-codes.ts';
import { importModelsCommand } from './import-models.ts';
import { listModelsCommand } from './list-models.ts';
import { verifyModelsCommand } from './verify-models.ts';

export function modelsCommand(setExitCode: SetExitCode): Command {
  const models = new Command('models')
    .description('super-resolution models: what there is, weights of your own')
    .helpCommand(false);
  const commands = [listModelsCommand(), importModelsCommand(), verifyModelsCommand(setExitCode)];
  for (const command of commands) models.addCommand(command);
  return models;
}
