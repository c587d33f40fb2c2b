import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import path from 'node:path';
import { startHttp, startHttps } from '../support/counting-server.ts';
import { FetchingService } from '../support/fetching-service.ts';
import { photo } from '../support/photo.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { fault } from './fault.ts';

const mostHops = 5;
const certificateFile = path.join(import.meta.dirname, '../fixtures/loopback-certificate.pem');

const row = {
  row: '22',
  fault: 'redirect loops, downgrades to http, other schemes, private addresses and passwords at any hop',
  mustShow: 'at most 5 hops, nothing beside the image asked for, no credentials to anybody',
  inTests: { hops: [0, mostHops - 1] },
  full: { hops: [0, 1, 2, 3, mostHops - 1] },
};

fault(row, async ({ hops }, report) => {
  await using folder = await temporaryFolder();
  const image = await photo(320, 256).jpeg().toBuffer();
  const asked: string[] = [];
  const sent = new Set<string>();
  await using secret = await startHttp((_request, response) => response.end(image), '127.0.0.3');
  let end = '';
  /** `/3` is three hops from the end. */
  const redirect: RequestListener = (request, response) => {
    asked.push(request.url ?? '');
    for (const name of Object.keys(request.headers)) sent.add(name);
    response.setHeader('set-cookie', 'session=1');
    const left = Number(request.url?.slice(1));
    if (request.url === '/image') response.end(image);
    else response.writeHead(302, { location: left > 0 ? `/${left - 1}` : end }).end();
  };
  await using server = await startHttp(redirect, '127.0.0.2');
  await using other = await startHttp(redirect, '127.0.0.2');
  await using tls = await startHttps(redirect);
  const env = { NODE_EXTRA_CA_CERTS: certificateFile };
  const reachable = '127.0.0.1/32,127.0.0.2/32';
  await using fetching = await FetchingService.start(reachable, folder.path, env);

  /** How many hops were followed until the job had failed. */
  const hopsOf = async (url: string) => {
    asked.length = 0;
    assert.equal((await fetching.fetch(url)).status, 'failed', `${url} to ${end}`);
    return asked.length - 1;
  };
  // As far as it may go, from one origin to another at last; then one more, and without end.
  end = `${other.url}/image`;
  assert.equal((await fetching.fetch(`${server.url}/${mostHops - 1}`)).status, 'complete');
  assert.equal(await hopsOf(`${server.url}/${mostHops}`), mostHops);
  end = '/0';
  assert.equal(await hopsOf(`${server.url}/0`), mostHops);

  let refused = 0;
  const bad = [
    `${secret.url}/image`,
    `http://[::ffff:127.0.0.3]:${secret.port}/image`,
    `http://user:password@127.0.0.2:${other.port}/image`,
    `http://user@127.0.0.2:${other.port}/image`,
    'file:///etc/passwd',
    'data:image/png;base64,AA==',
    'ftp://127.0.0.2/a.png',
    'gopher://127.0.0.2:6379/_INFO',
    'javascript:alert(1)',
    '//',
    'http://[broken/',
  ];
  for (const hop of hops) {
    for (end of bad) {
      assert.equal(await hopsOf(`${server.url}/${hop}`), hop, end);
      refused++;
    }
    // From https to http: whoever listens between could swap the image.
    end = `${server.url}/image`;
    assert.equal(await hopsOf(`${tls.url}/${hop}`), hop, 'downgrade');
    refused++;
  }
  assert.deepEqual([...sent].sort(), ['accept', 'accept-encoding', 'connection', 'host', 'user-agent']);
  end = `${tls.url}/image`;
  assert.equal((await fetching.fetch(`${tls.url}/0`)).status, 'complete');
  assert.equal(secret.connections, 0);
  report('most hops followed', mostHops);
  report('redirects refused', refused);
  report('connections to blocked addresses', secret.connections);
});
