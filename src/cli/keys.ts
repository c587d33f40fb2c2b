import { Command } from 'commander';
import { createKeyCommand } from './create-key.ts';
import { listKeysCommand } from './list-keys.ts';
import { revokeKeysCommand } from './revoke-keys.ts';

export function keysCommand(): Command {
  const keys = new Command('keys')
    .description(
      'API keys for a service with AUTH=keys, straight on the job store, also beside a running service',
    )
    .helpCommand(false);
  const commands = [createKeyCommand(), listKeysCommand(), revokeKeysCommand()];
  for (const command of commands) keys.addCommand(command);
  return keys;
}
