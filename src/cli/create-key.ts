import { Command } from 'commander';
import { readConfig } from '../config/config.ts';
import { freshKey } from '../jobs/api-key.ts';
import { checkOwner } from '../jobs/owner.ts';
import { openStoreOf } from './existing-store.ts';
import { describeKey, viewKey } from './key-view.ts';

interface CreateFlags {
  readonly owner: string;
  readonly admin?: boolean;
  readonly json?: boolean;
}

export function createKeyCommand(): Command {
  return new Command('create')
    .description('make a key and print it, this once: only its hash is stored')
    .requiredOption('--owner <name>', 'whose jobs it makes and sees: a-z, 0-9, ".", "_" and "-"')
    .option('--admin', "it sees and changes everybody's jobs")
    .option('--json', 'print JSON')
    .action(create);
}

async function create({ owner, admin = false, json }: CreateFlags): Promise<void> {
  checkOwner(owner);
  const { id, text, secretHash } = freshKey();
  await using parts = new AsyncDisposableStack();
  const store = parts.adopt(await openStoreOf(readConfig(process.env)), opened => opened.close());
  // Keys come before the first start of a service that asks for them.
  await store.migrate();
  const key = await store.keys.create({ id, owner, isAdmin: admin, secretHash });
  if (json) return console.log(JSON.stringify({ ...viewKey(key), key: text }, null, 2));
  console.log(text);
  console.error(
    `This key of ${describeKey(key)} is not shown again. To take it back: tintype keys revoke ${id}`,
  );
}
