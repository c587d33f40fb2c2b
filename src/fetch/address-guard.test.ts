import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Agent } from 'undici';
import { type CountingServer, startHttp } from '../../test/support/counting-server.ts';
import { startDnsServer } from '../../test/support/dns-server.ts';
import { loopbackSpellings, privateSpellings, refusedUrls } from '../../test/support/private-addresses.ts';
import { AddressGuard } from './address-guard.ts';

const blocked = { code: 'address-blocked' };
const publicAddresses = [
  '1.1.1.1',
  '8.8.8.8',
  '9.255.255.255',
  '11.0.0.0',
  '100.63.255.255',
  '100.128.0.0',
  '126.255.255.255',
  '128.0.0.0',
  '169.253.255.255',
  '169.255.0.0',
  '172.15.255.255',
  '172.32.0.0',
  '192.167.255.255',
  '192.169.0.0',
  '198.17.255.255',
  '198.20.0.0',
  '223.255.255.255',
  '2606:4700:4700::1111',
  '2a00:1450:4001:80f::200e',
  '::ffff:8.8.8.8',
  '64:ff9b::8.8.8.8',
  '2606:4700::5efe:8.8.8.8',
];

describe('AddressGuard', () => {
  describe('decides on addresses', () => {
    it('allows what the whole internet can reach, up to the edges of the special ranges', () => {
      const guard = new AddressGuard(false);
      for (const address of publicAddresses) assert.equal(guard.isAllowed(address), true, address);
    });

    it('refuses what is no address', () => {
      const guard = new AddressGuard(true);
      for (const none of [
        '',
        'localhost',
        '127.1',
        '0x7f.1',
        '2130706433',
        '08.8.8.8',
        '1.2.3',
        '[::1]',
        '::g',
      ]) {
        assert.equal(guard.isAllowed(none), false, none);
      }
    });

    it('allows private addresses when told so: all, or those in ranges', () => {
      assert.equal(new AddressGuard(true).isAllowed('10.0.0.1'), true);
      const guard = new AddressGuard(['10.0.0.0/8', '192.168.7.7/32', 'fd00::/8', '2002::/16']);
      const allowed = [
        '10.1.2.3',
        '::ffff:10.1.2.3',
        '64:ff9b::10.1.2.3',
        '192.168.7.7',
        'fd12::1',
        '2002:a00:1::',
      ];
      const refused = [
        '192.168.7.8',
        '::ffff:192.168.7.8',
        'fc00::1',
        '127.0.0.1',
        'fd00::5efe:127.0.0.1',
        '2002:7f00:1::',
      ];
      for (const address of allowed) assert.equal(guard.isAllowed(address), true, address);
      for (const address of refused) assert.equal(guard.isAllowed(address), false, address);
    });

    it('reads the IPv4 address inside an IPv6 one even where the range around it is allowed', () => {
      const cases: [range: string, allowed: string, refused: string][] = [
        ['2002::/16', '2002:808:808::1', '2002:a00:1::1'],
        ['2001::/32', '2001:0:808:808::f7f7:f7f7', '2001:0:808:808::80ff:fffe'],
        ['2001::/32', '2001:0:808:808::f7f7:f7f7', '2001:0:a00:1::f7f7:f7f7'],
        ['64:ff9b:1::/48', '64:ff9b:1::8.8.8.8', '64:ff9b:1::10.0.0.1'],
        ['::/96', '::8.8.8.8', '::127.0.0.1'],
        ['::1/128', '::1', '::127.0.0.1'],
        ['fe80::/10', 'fe80::5efe:8.8.8.8', 'fe80::200:5efe:10.0.0.1'],
      ];
      for (const [range, allowed, refused] of cases) {
        const guard = new AddressGuard([range]);
        assert.equal(guard.isAllowed(allowed), true, allowed);
        assert.equal(guard.isAllowed(refused), false, refused);
      }
    });

    it('takes no range that is none', () => {
      const none = [
        '',
        '10.0.0.1',
        '10.0.0.0/33',
        'fd00::/129',
        '10.0/8',
        '10.0.0.0/8/8',
        '10.0.0.0/-1',
        '10.0.0.0/',
        'a/8',
      ];
      for (const range of none) {
        assert.throws(() => new AddressGuard([range]), { code: 'invalid-request' }, range);
      }
    });
  });

  describe('decides on URLs', () => {
    it('refuses private addresses however they are spelled', () => {
      const guard = new AddressGuard(false);
      for (const host of [...loopbackSpellings, ...privateSpellings]) {
        if (/localhost/i.test(host) || !URL.canParse(`http://${host}/`)) continue;
        for (const scheme of ['http', 'https']) {
          assert.throws(() => guard.checkUrl(new URL(`${scheme}://${host}:8080/x`)), blocked, host);
        }
      }
    });

    it('refuses other schemes, user info, and ports of other services', () => {
      const guard = new AddressGuard(true);
      for (const url of refusedUrls) assert.throws(() => guard.checkUrl(new URL(url)), blocked, url);
    });

    it('allows web servers', () => {
      const guard = new AddressGuard(false);
      const urls = [
        'http://example.com/a?b',
        'https://example.com:443/',
        'http://8.8.8.8:8080/',
        'https://[2606:4700::1]:8443/',
      ];
      for (const url of urls) guard.checkUrl(new URL(url));
    });

    it('names the host and nothing else', () => {
      const guard = new AddressGuard(false);
      assert.throws(() => guard.checkUrl(new URL('http://0x7f.1/secret?key=1')), {
        message: '127.0.0.1 is at an address that may not be reached from here.',
      });
    });
  });

  describe('decides on connections', () => {
    it('connects to a name whose addresses are all allowed', async () => {
      await using server = await startHttp((_request, response) => response.end('hello'));
      const names = { 'a.test': ['127.0.0.1'], 'alias.test': ['a.test'] };
      assert.equal(await get(server, 'a.test', names), 200);
      assert.equal(await get(server, 'alias.test', names), 200);
    });

    it('refuses a name that leads to a blocked address in any of its records', async () => {
      await using server = await startHttp((_request, response) => response.end('hello'));
      const names = {
        'private.test': ['127.0.0.2'],
        'mixed.test': ['127.0.0.1', '10.0.0.1'],
        'mixed-public.test': ['93.184.215.14', '169.254.169.254'],
        'mixed-family.test': ['127.0.0.1', '::1'],
        'v6-only.test': ['fd00:ec2::254'],
        'mapped.test': ['::ffff:127.0.0.2'],
        'nat64.test': ['64:ff9b::a9fe:a9fe'],
        'alias.test': ['middle.test'],
        'middle.test': ['10.0.0.1'],
        'metadata.google.internal': ['169.254.169.254'],
      };
      for (const name of Object.keys(names)) await assert.rejects(get(server, name, names), blocked, name);
      assert.equal(server.connections, 0);
    });

    it('refuses literal addresses, which no look-up sees', async () => {
      await using server = await startHttp((_request, response) => response.end('hello'));
      const agent = new Agent({ connect: new AddressGuard(false).connector(5000) });
      await assert.rejects(agent.request({ origin: server.url, path: '/', method: 'GET' }), blocked);
      await assert.rejects(
        agent.request({ origin: `http://[::1]:${server.port}`, path: '/', method: 'GET' }),
        blocked,
      );
      await agent.close();
      assert.equal(server.connections, 0);
    });
  });
});

/** Asks the server for its page under a name that only 127.0.0.1/32 may stand for; resolves to the status. */
async function get(
  server: CountingServer,
  name: string,
  names: Readonly<Record<string, readonly string[]>>,
): Promise<number> {
  await using dns = await startDnsServer(asked => names[asked] ?? []);
  const guard = new AddressGuard(['127.0.0.1/32'], dns.resolve);
  const agent = new Agent({ connect: guard.connector(5000) });
  try {
    const answer = await agent.request({ origin: `http://${name}:${server.port}`, path: '/', method: 'GET' });
    await answer.body.dump();
    return answer.statusCode;
  } finally {
    await agent.close();
  }
}
