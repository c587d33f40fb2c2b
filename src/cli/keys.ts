import { Command, Option } from 'commander';
import { readConfig } from '../config/config.ts';
import type { OpenJobStore } from '../job-store/open-job-store.ts';
import { freshKey, keyParts } from '../jobs/api-key.ts';
import { isoTime } from '../jobs/iso-time.ts';
import type { ApiKey, KeyStore } from '../jobs/key-store.ts';
import { checkOwner } from '../jobs/owner.ts';
import { openExistingStore, openStoreOf } from './existing-store.ts';
import { table } from './table.ts';

interface CreateFlags {
  readonly owner: string;
  readonly admin?: boolean;
  readonly json?: boolean;
}

interface KeyView {
  readonly id: string;
  readonly owner: string;
  readonly admin: boolean;
  readonly created: string;
  readonly lastUsed: string | null;
  readonly revoked: string | null;
}

const json = (): Option => new Option('--json', 'print JSON');

export function keysCommand(): Command {
  const keys = new Command('keys')
    .description(
      'API keys for a service with AUTH=keys, straight on the job store, also beside a running service',
    )
    .helpCommand(false);
  keys.addCommand(createCommand());
  keys.addCommand(listCommand());
  keys.addCommand(revokeCommand());
  return keys;
}

function createCommand(): Command {
  return new Command('create')
    .description('make a key and print it, this once: only its hash is stored')
    .requiredOption('--owner <name>', 'whose jobs it makes and sees: a-z, 0-9, ".", "_" and "-"')
    .option('--admin', "it sees and changes everybody's jobs")
    .addOption(json())
    .action(async ({ owner, admin = false, json: asJson }: CreateFlags) => {
      checkOwner(owner);
      const { id, text, secretHash } = freshKey();
      // Keys come before the first start of a service that asks for them.
      const key = await using(openStoreOf(readConfig(process.env)), async store => {
        await store.migrate();
        return store.keys.create({ id, owner, isAdmin: admin, secretHash });
      });
      if (asJson) return print({ ...viewKey(key), key: text });
      console.log(text);
      console.error(
        `This key of ${describe(key)} is not shown again. To take it back: tintype keys revoke ${id}`,
      );
    });
}

function listCommand(): Command {
  return new Command('list')
    .description('all keys, the oldest first, without their secrets')
    .addOption(json())
    .action(({ json: asJson }: { json?: boolean }) =>
      withKeys(async keys => {
        const all = (await keys.list()).map(viewKey);
        if (asJson) return print({ keys: all });
        if (all.length === 0) return console.log('No keys. Make one: tintype keys create --owner NAME');
        const rows = all.map(({ id, owner, admin, created, lastUsed, revoked }) => [
          id,
          owner,
          admin ? 'yes' : 'no',
          created,
          lastUsed ?? '–',
          revoked ?? '–',
        ]);
        console.log(table(['id', 'owner', 'admin', 'created', 'last used', 'revoked'], rows));
      }),
    );
}

function revokeCommand(): Command {
  return new Command('revoke')
    .description('take keys back: a running service refuses them within a second')
    .argument('<ids...>', "the keys' ids, or the keys themselves")
    .addOption(json())
    .action((ids: string[], { json: asJson }: { json?: boolean }) =>
      withKeys(async keys => {
        for (const given of ids) {
          // A whole key, as it stands where it leaked, is as good as its id.
          const id = keyParts(given)?.id ?? given;
          const key = await keys.revoke(id);
          if (asJson) print(viewKey(key));
          else console.log(`Revoked ${id} of ${describe(key)}.`);
        }
      }),
    );
}

function withKeys(work: (keys: KeyStore) => Promise<void>): Promise<void> {
  return using(openExistingStore(readConfig(process.env)), store => work(store.keys));
}

async function using<T>(
  opening: Promise<OpenJobStore>,
  work: (store: OpenJobStore) => Promise<T>,
): Promise<T> {
  const store = await opening;
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

function viewKey({ id, owner, isAdmin, createdAt, lastUsedAt, revokedAt }: ApiKey): KeyView {
  const time = (at: number | undefined) => (at === undefined ? null : isoTime(at));
  return {
    id,
    owner,
    admin: isAdmin,
    created: isoTime(createdAt),
    lastUsed: time(lastUsedAt),
    revoked: time(revokedAt),
  };
}

function describe({ owner, isAdmin }: ApiKey): string {
  return isAdmin ? `the admin ${owner}` : owner;
}

function print(value: unknown): void {
  console.log(JSON.stringify(value, null, 2));
}
