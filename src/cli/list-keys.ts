import { Command } from 'commander';
import { viewKey } from './key-view.ts';
import { withStoredKeys } from './stored-keys.ts';
import { table } from './table.ts';

export function listKeysCommand(): Command {
  return new Command('list')
    .description('all keys, the oldest first, without their secrets')
    .option('--json', 'print JSON')
    .action(list);
}

function list({ json }: { json?: boolean }): Promise<void> {
  return withStoredKeys(async stored => {
    const keys = (await stored.list()).map(viewKey);
    if (json) return console.log(JSON.stringify({ keys }, null, 2));
    if (keys.length === 0) return console.log('No keys. Make one: tintype keys create --owner NAME');
    const rows = keys.map(({ id, owner, admin, created, lastUsed, revoked }) => [
      id,
      owner,
      admin ? 'yes' : 'no',
      created,
      lastUsed ?? '–',
      revoked ?? '–',
    ]);
    console.log(table(['id', 'owner', 'admin', 'created', 'last used', 'revoked'], rows));
  });
}
