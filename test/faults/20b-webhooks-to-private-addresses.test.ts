import assert from 'node:assert/strict';
import { AddressGuard } from '../../src/fetch/address-guard.ts';
import { startDnsServer } from '../support/dns-server.ts';
import { eventually } from '../support/eventually.ts';
import { loopbackSpellings, privateSpellings, refusedUrls } from '../support/private-addresses.ts';
import { startRelay } from '../support/relaying.ts';
import { openTestSqlite } from '../support/sqlite-file.ts';
import { endJobs } from '../support/told-jobs.ts';
import { startReceiver } from '../support/webhook-receiver.ts';
import { fault } from './fault.ts';

const names: Record<string, string[]> = {
  'public-and-private.example.org': ['93.184.216.34', '127.0.0.1'],
  'only-v6-private.example.org': ['::1'],
  'alias-of-private.example.org': ['private.example.org'],
  'private.example.org': ['127.0.0.1'],
  localhost: ['127.0.0.1', '::1'],
  'metadata.google.internal': ['169.254.169.254'],
};

const row = {
  row: '20b',
  fault: 'private addresses, in every spelling and behind names, given as webhooks',
  mustShow: '0 connections to a blocked range',
  inTests: {},
  full: {},
};

fault(row, async (_size, report) => {
  await using database = await openTestSqlite();
  const { store } = database;
  await using receiver = await startReceiver();
  await using dns = await startDnsServer(hostname => names[hostname] ?? []);
  const guard = new AddressGuard(false, hostname => dns.resolve(hostname));
  await using _relay = startRelay(store, { guard, schedule: [] });

  // Straight into the store: what was refused at submission is refused once more where the connection is made.
  const hosts = [...loopbackSpellings, ...privateSpellings, ...Object.keys(names)];
  const urls = [...hosts.map(host => `http://${host}:${receiver.port}/`), ...refusedUrls];
  for (const url of urls) await endJobs(store, 1, [{ url }]);
  await eventually(async () => (await store.deliveries.backlog()).pending === 0, 'all ended', 60_000);
  const { deliveries } = await store.deliveryLog.list({}, { limit: 200 });
  assert.deepEqual(
    deliveries
      .filter(({ status }) => status !== 'failed')
      .map(({ target }) => target.kind === 'webhook' && target.url),
    [],
  );
  assert.equal(receiver.connections, 0);
  report('addresses', urls.length);
  report('connections', receiver.connections);
});
