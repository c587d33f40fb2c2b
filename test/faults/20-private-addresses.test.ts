import assert from 'node:assert/strict';
import { startHttp } from '../support/counting-server.ts';
import { FetchingService } from '../support/fetching-service.ts';
import { loopbackSpellings, privateSpellings, refusedUrls } from '../support/private-addresses.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { fault } from './fault.ts';

/** Where the redirecting server is: the one private address that the service may reach. */
const outside = '127.0.0.2';
/** Names that lead inside, or nowhere here. */
const names = ['metadata.google.internal', 'metadata', 'ip6-localhost', 'a.localhost'];

const row = {
  row: '20',
  fault: 'private addresses in every spelling, as the source’s URL and at the end of a redirect',
  mustShow: '0 connections to a blocked address',
  inTests: { everyNth: 4 },
  full: { everyNth: 1 },
};

fault(row, async ({ everyNth }, report) => {
  await using folder = await temporaryFolder();
  await using secret = await startHttp((_request, response) => response.end('secret'));
  await using secretV6 = await startHttp((_request, response) => response.end('secret'), '::1', secret.port);
  let location = '';
  await using server = await startHttp(
    (_request, response) => response.writeHead(302, { location }).end(),
    outside,
  );
  await using fetching = await FetchingService.start(`${outside}/32`, folder.path);

  const spelled = [...loopbackSpellings, ...privateSpellings, ...names].map(
    host => `http://${host}:${secret.port}/`,
  );
  const urls = [...spelled, ...refusedUrls].filter((_, index) => index % everyNth === 0);
  for (const url of urls) {
    location = asHeader(url);
    for (const asked of [url, server.url]) {
      const { status, code, message } = await fetching.fetch(asked);
      assert.ok(status === 'failed' || status === 'refused', `${asked} to ${url}: ${status}`);
      assert.ok(code >= 400 && code < 500, `${asked} to ${url}: ${code} ${message}`);
    }
  }
  const attempts = await fetching.attempts();
  const blocked = attempts.filter(attempt => attempt !== `${outside} ${server.port}`);
  assert.deepEqual(blocked, []);
  assert.ok(attempts.length > 0, 'attempts are recorded');
  assert.equal(secret.connections + secretV6.connections, 0);
  report('spellings', urls.length);
  report('fetches', urls.length * 2);
  report('connections tried to blocked addresses', blocked.length);
});

/** As bytes that a header may carry: what is above ASCII in UTF-8, as browsers read it. */
function asHeader(url: string): string {
  return Buffer.from(url).toString('latin1');
}
