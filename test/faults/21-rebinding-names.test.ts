import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { rm } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import type { Socket } from 'node:net';
import type { TestContext } from 'node:test';
import type { TintypeError } from '../../src/errors/tintype-error.ts';
import { AddressGuard } from '../../src/fetch/address-guard.ts';
import { Downloader } from '../../src/fetch/download.ts';
import { startHttp } from '../support/counting-server.ts';
import { startDnsServer } from '../support/dns-server.ts';
import { seededNumbers } from '../support/seeded-numbers.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { fault } from './fault.ts';

/** Stands for a public address: the only one that may be reached. */
const allowed = '127.0.0.2';
const secretAddresses = ['127.0.0.1', '::1'];
const seed = 21;

type Answers = (question: number, next: (limit: number) => number) => readonly string[];

/** What a name server of the attacker's says, question by question; every record lives 0 seconds. */
const strategies: Readonly<Record<string, Answers>> = {
  'public, then private': question => [question < 2 ? allowed : '127.0.0.1'],
  'the other with each question': question => [question % 2 === 0 ? allowed : '127.0.0.1'],
  'the other with each pair of questions': question => [question % 4 < 2 ? allowed : '127.0.0.1'],
  'either, at random': (_, next) => [next(2) === 0 ? allowed : '127.0.0.1'],
  'many public ones, a private one among them': (_, next) => {
    const many = Array<string>(16).fill(allowed);
    many[next(16)] = '127.0.0.1';
    return many;
  },
  'public IPv4, private IPv6': () => [allowed, '::1'],
  'private IPv6 alone': () => ['::1'],
  'an alias, now of the one, now of the other': question => [
    question % 4 < 2 ? 'public.test' : 'inside.test',
  ],
  'public alone': () => [allowed],
};

const row = {
  row: '21',
  fault: 'names that resolve to something else each time they are asked for',
  mustShow: '0 connections to a blocked address: the address that was checked is the one connected to',
  inTests: { rounds: 20 },
  full: { rounds: 400 },
};

fault(row, async ({ rounds }, report, t) => {
  await using folder = await temporaryFolder();
  const secret: RequestListener = (_request, response) => response.end('secret');
  await using server = await startHttp((_request, response) => response.end('public'), allowed);
  await using inside = await startHttp(secret, '127.0.0.1', server.port);
  await using insideV6 = await startHttp(secret, '::1', server.port);
  const attempts = attemptedAddresses(t);
  const verdicts: Record<string, number> = {};
  for (const answers of Object.values(strategies)) {
    await using dns = await startDnsServer(nameServer(answers));
    const guard = new AddressGuard([`${allowed}/32`], dns.resolve);
    for (let round = 0; round < rounds; round++) {
      const verdict = await download(`http://rebinds.test:${server.port}/`, guard, `${folder.path}/source`);
      verdicts[verdict] = (verdicts[verdict] ?? 0) + 1;
    }
  }
  const { fetched = 0, 'address-blocked': refused = 0 } = verdicts;
  assert.equal(inside.connections + insideV6.connections, 0);
  assert.deepEqual(
    [...attempts].filter(address => secretAddresses.includes(address)),
    [],
  );
  assert.ok(fetched > 0 && refused > 0, JSON.stringify(verdicts));
  assert.equal(fetched + refused, Object.keys(strategies).length * rounds, JSON.stringify(verdicts));
  report('names of the attacker', Object.keys(strategies).length);
  report('fetched from the public address', fetched);
  report('refused', refused);
  report('connections to blocked addresses', 0);
});

/** What one name server says to each question. */
function nameServer(answers: Answers): (name: string) => readonly string[] {
  const next = seededNumbers(seed);
  let questions = 0;
  return name => {
    if (name === 'public.test') return [allowed];
    if (name === 'inside.test') return ['127.0.0.1'];
    return answers(questions++, next);
  };
}

/** With a downloader of its own, as one would keep the connection and ask no more. */
async function download(url: string, guard: AddressGuard, target: string): Promise<string> {
  const downloader = new Downloader({ guard, maxBytes: 1000, idleMs: 10_000, totalMs: 20_000 });
  try {
    await downloader.download(url, target, new AbortController().signal);
    await rm(target);
    return 'fetched';
  } catch (error) {
    return (error as TintypeError).code;
  } finally {
    await downloader.close();
  }
}

/** Every address that this process tries to connect to from now on. */
function attemptedAddresses(t: TestContext): Set<string> {
  const addresses = new Set<string>();
  const seen = (message: unknown) => {
    const { socket } = message as { socket: Socket };
    socket.on('connectionAttempt', address => addresses.add(address));
  };
  subscribe('net.client.socket', seen);
  t.after(() => unsubscribe('net.client.socket', seen));
  return addresses;
}
