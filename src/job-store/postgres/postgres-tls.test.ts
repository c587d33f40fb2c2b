import assert from 'node:assert/strict';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { PostgresServer } from '../../../test/support/servers/postgres.ts';
import { realServer } from '../../../test/support/servers/real-server.ts';
import { createLogger } from '../../telemetry/logger.ts';
import type { OpenJobStore } from '../open-job-store.ts';
import { openPostgres } from './postgres.ts';

const server = await realServer('encrypted connections to Postgres', () =>
  PostgresServer.start({ tls: true }),
);
const fixtures = path.resolve(import.meta.dirname, '../../../test/fixtures');
/** Of the server, signed by itself, for 127.0.0.1 and localhost. */
const root = encodeURIComponent(path.join(fixtures, 'loopback-certificate.pem'));

if (server !== undefined) {
  describe('connections to Postgres are', async () => {
    after(() => server[Symbol.asyncDispose]());
    const url = await server.createDatabase('encrypted');

    const encrypted = ['require', `verify-ca&sslrootcert=${root}`, `verify-full&sslrootcert=${root}`];
    for (const [query, isEncrypted] of [
      ['', false],
      ['?sslmode=disable', false],
      ...encrypted.map(mode => [`?sslmode=${mode}`, true] as const),
    ] as const) {
      it(`${isEncrypted ? 'encrypted' : 'plain'} with '${query.replace(/=[^=]*$/, '=…')}'`, async () => {
        await using opened = open(`${url}${query}`);
        await opened.store.migrate();
        await heard(opened.store);
        assert.deepEqual(await server.encryption('encrypted'), [isEncrypted]);
      });
    }

    it('refused when nobody can say whose certificate it is, or it is another host’s', async () => {
      const otherHost = url.replace('127.0.0.1', '127.0.0.2');
      for (const wrong of [
        `${url}?sslmode=verify-full`,
        `${otherHost}?sslmode=verify-full&sslrootcert=${root}`,
      ]) {
        await using opened = open(wrong);
        await assert.rejects(opened.store.migrate(), { code: 'invalid-configuration' });
        await assert.rejects(opened.store.events.newest(), { code: 'storage-unavailable' });
      }
    });
  });
}

function open(url: string): AsyncDisposable & { store: OpenJobStore } {
  const options = { url, directUrl: url, connections: 2, logger: createLogger('silent') };
  const store = openPostgres(options);
  return { store, [Symbol.asyncDispose]: () => store.close() };
}

/** Resolves when the listener is there as well: from then on it hears what others tell. */
function heard({ changes }: OpenJobStore): Promise<void> {
  return new Promise(resolve => void changes.subscribe(() => resolve()));
}
