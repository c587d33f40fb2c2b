import { Command } from 'commander';
import { keyParts } from '../jobs/api-key.ts';
import { describeKey, viewKey } from './key-view.ts';
import { withStoredKeys } from './stored-keys.ts';

export function revokeKeysCommand(): Command {
  return new Command('revoke')
    .description('take keys back: a running service refuses them within a second')
    .argument('<ids...>', "the keys' ids, or the keys themselves")
    .option('--json', 'print JSON')
    .action(revoke);
}

function revoke(ids: string[], { json }: { json?: boolean }): Promise<void> {
  return withStoredKeys(async stored => {
    for (const given of ids) {
      // A whole key, as it stands where it leaked, is as good as its id.
      const id = keyParts(given)?.id ?? given;
      const key = await stored.revoke(id);
      console.log(json ? JSON.stringify(viewKey(key), null, 2) : `Revoked ${id} of ${describeKey(key)}.`);
    }
  });
}
