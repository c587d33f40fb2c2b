import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { type ClientRequest, get } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { openSqlite } from '../../src/job-store/sqlite/sqlite.ts';
import { eventually } from '../support/eventually.ts';
import { percentile } from '../support/percentile.ts';
import { photo } from '../support/photo.ts';
import { Service } from '../support/service.ts';
import { fault } from './fault.ts';

/** For each thing that is waited for, on a slow machine. */
const patienceMs = 180_000;
const inFlight = 8;

const row = {
  row: 'live',
  fault: 'many clients follow all jobs, and half of them hang up and come back at random moments',
  mustShow: 'every client is told every event exactly once and in order',
  inTests: { clients: 50, jobs: 50 },
  full: { clients: 1_000, jobs: 500 },
};

fault(row, async ({ clients: count, jobs }, report) => {
  await using service = await Service.start();
  await mkdir(`${service.folder}/objects/shared`, { recursive: true });
  await photo(300, 300).jpeg().toFile(`${service.folder}/objects/shared/small.jpg`);
  const memoryBefore = await residentMb(service.url);
  const clients = Array.from({ length: count }, () => new Client(service.url));
  using gone = new DisposableStack();
  for (const client of clients) gone.defer(() => client.leave());
  await Promise.all(clients.map(client => client.join()));

  const done = new AbortController();
  const restless = clients.filter((_, index) => index % 2 === 0);
  const comingAndGoing = comeAndGo(restless, done.signal);
  let memory = 0;
  const lanes = Array.from({ length: inFlight }, async (_, lane) => {
    for (let job = lane; job < jobs; job += inFlight) {
      await submit(service.url);
      if (lane === 0) memory = Math.max(memory, await residentMb(service.url));
    }
  });
  await Promise.all(lanes);
  const expected = await allEvents(service, jobs);
  done.abort();
  await comingAndGoing;
  const last = expected.at(-1) ?? 0;
  await eventually(() => clients.every(client => client.last >= last), 'everybody is told', patienceMs);
  memory = Math.max(memory, await residentMb(service.url));

  for (const client of clients) assert.deepEqual(client.positions, expected);
  const delays = clients.flatMap(client => client.delays);
  report('clients', count);
  report('events', expected.length);
  report(
    'reconnects',
    clients.reduce((sum, client) => sum + client.joins - 1, 0),
  );
  report(
    'cutOff',
    clients.reduce((sum, client) => sum + client.cuts, 0),
  );
  report('delayP50Ms', Math.round(percentile(delays, 0.5)));
  report('delayP99Ms', Math.round(percentile(delays, 0.99)));
  report('memoryMbBefore', memoryBefore);
  report('memoryMbMost', memory);
});

/** Follows all jobs; knows the positions of what it was told, and how late it was told of what was live. */
class Client {
  readonly positions: number[] = [];
  readonly delays: number[] = [];
  joins = 0;
  /** How often the server ended the connection. */
  cuts = 0;
  readonly #url: string;
  #request: ClientRequest | undefined;

  constructor(url: string) {
    this.#url = url;
  }

  get last(): number {
    return this.positions.at(-1) ?? 0;
  }

  /** Connects, from the second time on after the last event that it was told. Resolves when it is taken. */
  join(): Promise<void> {
    this.joins += 1;
    const headers = this.last === 0 ? {} : { 'last-event-id': String(this.last) };
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const request = get(`${this.#url}/events`, { headers, agent: false }, response => {
      resolve();
      let rest = '';
      response.setEncoding('utf8').on('data', chunk => {
        // What was under way when it hung up was not received.
        if (this.#request !== request) return;
        const blocks = (rest + chunk).split('\n\n');
        rest = blocks.pop() ?? '';
        for (const block of blocks) this.#take(block);
      });
      response.on('error', () => {});
      // The server may cut off who reads too slowly: he comes back by himself.
      response.on('close', () => {
        if (this.#request !== request) return;
        this.cuts += 1;
        void this.join();
      });
    });
    request.on('error', reject);
    this.#request = request;
    return promise;
  }

  leave(): void {
    this.#request?.on('error', () => {}).destroy();
    this.#request = undefined;
  }

  #take(block: string): void {
    const id = /^id: (\d+)$/m.exec(block)?.[1];
    if (id === undefined) return;
    this.positions.push(Number(id));
    const time = /"time":"([^"]+)"/.exec(block)?.[1];
    if (this.joins === 1 && time !== undefined) this.delays.push(Date.now() - Date.parse(time));
  }
}

/** One after the other they hang up for a moment and come back. */
async function comeAndGo(clients: readonly Client[], signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const client = clients[Math.floor(Math.random() * clients.length)];
    // Who was told nothing yet would miss what happens meanwhile.
    if (client !== undefined && client.last > 0) {
      client.leave();
      await setTimeout(Math.random() * 20);
      await client.join();
    }
    await setTimeout(1);
  }
}

async function submit(url: string): Promise<void> {
  const answer = await fetch(`${url}/jobs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ source: { object: 'shared/small.jpg' } }),
  });
  assert.equal(answer.status, 202, await answer.text());
}

/** The positions of three events a job, once all have ended. */
async function allEvents({ folder }: Service, jobs: number): Promise<number[]> {
  const store = await openSqlite({ file: `${folder}/tintype.db`, exclusive: false });
  try {
    return await eventually(
      async () => {
        const events = await store.events.after(0, {}, jobs * 3 + 1);
        return events.length === jobs * 3 && events.map(({ position }) => position);
      },
      'all jobs end',
      patienceMs,
    );
  } finally {
    await store.close();
  }
}

async function residentMb(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Math.round(Number(/^process_resident_memory_bytes (\S+)/m.exec(text)?.[1] ?? 0) / 1e6);
}
