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
  const way = new Redirects(image);
  await using secret = await startHttp((_request, response) => response.end(image), '127.0.0.3');
  await using server = await startHttp(way.listener, '127.0.0.2');
  await using other = await startHttp(way.listener, '127.0.0.2');
  await using tls = await startHttps(way.listener);
  const env = { NODE_EXTRA_CA_CERTS: certificateFile };
  await using fetching = await FetchingService.start('127.0.0.1/32,127.0.0.2/32', folder.path, env);
  /** How the job ended, and after how many redirects. */
  const outcome = async (url: string, end: string) => {
    way.end = end;
    way.asked = 0;
    const { status } = await fetching.fetch(url);
    return `${status} after ${way.asked - 1}`;
  };

  // As far as it may go, from one origin to another at last; then one more, and without end.
  const good = `${other.url}/image`;
  assert.equal(await outcome(`${server.url}/${mostHops - 1}`, good), `complete after ${mostHops}`);
  assert.equal(await outcome(`${server.url}/${mostHops}`, good), `failed after ${mostHops}`);
  assert.equal(await outcome(`${server.url}/0`, '/0'), `failed after ${mostHops}`);
  assert.equal(await outcome(`${tls.url}/0`, `${tls.url}/image`), 'complete after 1');
  let refused = 0;
  for (const hop of hops) {
    for (const target of badTargets(secret.port, other.port)) {
      assert.equal(await outcome(`${server.url}/${hop}`, target), `failed after ${hop}`, target);
      refused++;
    }
    // From https to http: whoever listens between could swap the image.
    assert.equal(await outcome(`${tls.url}/${hop}`, `${server.url}/image`), `failed after ${hop}`);
    refused++;
  }
  assert.deepEqual([...way.sent].sort(), ['accept', 'accept-encoding', 'connection', 'host', 'user-agent']);
  assert.equal(secret.connections, 0);
  report('most hops followed', mostHops);
  report('redirects refused', refused);
  report('connections to blocked addresses', secret.connections);
});

/** Servers that send their visitor on: `/3` is three redirects before the one to the end. */
class Redirects {
  end = '';
  /** Requests. */
  asked = 0;
  /** The names of all headers that came. */
  readonly sent = new Set<string>();
  readonly listener: RequestListener;

  constructor(image: Buffer) {
    this.listener = (request, response) => {
      this.asked++;
      for (const name of Object.keys(request.headers)) this.sent.add(name);
      response.setHeader('set-cookie', 'session=1');
      const left = Number(request.url?.slice(1));
      if (request.url === '/image') response.end(image);
      else response.writeHead(302, { location: left > 0 ? `/${left - 1}` : this.end }).end();
    };
  }
}

function badTargets(secretPort: number, otherPort: number): string[] {
  return [
    `http://127.0.0.3:${secretPort}/image`,
    `http://[::ffff:127.0.0.3]:${secretPort}/image`,
    `http://user:password@127.0.0.2:${otherPort}/image`,
    `http://user@127.0.0.2:${otherPort}/image`,
    'file:///etc/passwd',
    'data:image/png;base64,AA==',
    'ftp://127.0.0.2/a.png',
    'gopher://127.0.0.2:6379/_INFO',
    'javascript:alert(1)',
    '//',
    'http://[broken/',
  ];
}
