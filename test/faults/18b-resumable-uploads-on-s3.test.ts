import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { eventually } from '../support/eventually.ts';
import {
  jobOf,
  loseAnswers,
  raceAll,
  type UploadTarget,
  uploadThroughKills,
} from '../support/killed-uploads.ts';
import { photo } from '../support/photo.ts';
import { s3Servers, unfinishedUploads } from '../support/s3-stores.ts';
import { PostgresServer } from '../support/servers/postgres.ts';
import { realServer } from '../support/servers/real-server.ts';
import { type S3Server, s3Client, s3Environment } from '../support/servers/s3-server.ts';
import { Service } from '../support/service.ts';
import { SteadyAddress } from '../support/steady-address.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { fault } from './fault.ts';

const row = {
  row: '18b',
  fault:
    'resumable uploads to S3 through two processes: one killed in the middle of requests and the other goes on, concurrent requests to both, the last answer lost',
  mustShow: 'content right every time, 409 where it belongs, nothing left but whole uploads',
  // After each kill the lease of the dead one's lock is waited for: 10 s.
  inTests: { servers: 1, kills: 1, killsOfOne: 1, megabytes: 24, races: 3 },
  full: { servers: 2, kills: 8, killsOfOne: 4, megabytes: 48, races: 30 },
};
const prefix = 'service/uploads/';

fault(row, async ({ servers, kills, killsOfOne, megabytes, races }, report, t) => {
  const postgres = await realServer('resumable uploads to S3', () => PostgresServer.start());
  if (postgres === undefined) return;
  t.after(() => postgres[Symbol.asyncDispose]());
  const image = await photo(800, 600).jpeg().toBuffer();
  const largeImage = () => Buffer.concat([image, randomBytes(megabytes * 1_000_000)]);

  const stores = await s3Servers();
  for (const { server } of stores) t.after(() => server[Symbol.asyncDispose]());
  for (const { name, server } of stores.slice(0, servers)) {
    const database = await postgres.createDatabase(name.toLowerCase());
    await using target = await startTwo(server, database);
    const uploads: string[] = [];
    let [killed, resumed] = [0, 0];
    while (killed < kills) {
      const file = largeImage();
      const points = Array.from(
        { length: Math.min(killsOfOne, kills - killed) },
        () => 0.5 + Math.random() * 0.4,
      );
      const { id, offsets } = await uploadThroughKills(target, file, points.sort(), Number.POSITIVE_INFINITY);
      killed += points.length;
      uploads.push(id);
      resumed += offsets.filter(offset => offset > 0).length;
      assert.ok((await target.stored(id)).equals(file), 'the bytes are right');
    }
    report(`kills, ${name}`, killed);
    report(`resumed by the other process beyond the start, ${name}`, resumed);
    report(`concurrent, ${name}`, await raceAll(target, races, image));
    report(`conflicts after a lost answer, ${name}`, await loseAnswers(target, races, image));
    assert.equal(await jobOf(target, uploads.at(-1) ?? ''), 'complete');
    await eventually(async () => (await target.pieces()).length === 0, 'no pieces are left');
    assert.deepEqual(await unfinishedUploads(server, prefix), []);
    assert.deepEqual(await target.localFiles(), []);
    report(`left behind, ${name}`, 0);
  }
});

interface TwoProcesses extends UploadTarget, AsyncDisposable {
  /** Keys beside those of whole uploads. */
  pieces(): Promise<string[]>;
  localFiles(): Promise<string[]>;
}

/** Two processes of one service behind one address, on one Postgres and one bucket. */
async function startTwo(server: S3Server, database: string): Promise<TwoProcesses> {
  await using cleanup = new AsyncDisposableStack();
  const temporary = cleanup.use(await temporaryFolder()).path;
  const env = {
    ...s3Environment(server),
    DATABASE_URL: database,
    SECRETS_KEY: 'ab'.repeat(32),
    MAX_UPLOAD_BYTES: '1GiB',
    TMPDIR: temporary,
  };
  // The first is the one that is found at the address.
  let services: Service[] = [];
  cleanup.defer(async () => void (await Promise.all(services.map(each => each[Symbol.asyncDispose]()))));
  services = [await Service.start(env), await Service.start(env)];
  const address = cleanup.use(await SteadyAddress.open(portOf(services[0])));
  const client = cleanup.adopt(s3Client(server), opened => opened.destroy());
  const kept = cleanup.move();
  return {
    url: address.url,
    urls: () => services.map(({ url }) => url),
    async kill() {
      const [killed, other] = services;
      await killed?.end('SIGKILL');
      address.port = portOf(other);
      services = [...services.slice(1), await Service.start(env)];
      await killed?.[Symbol.asyncDispose]();
    },
    async stored(upload) {
      const request = new GetObjectCommand({ Bucket: server.bucket, Key: `${prefix}${upload}` });
      const { Body } = await client.send(request);
      return Buffer.from((await Body?.transformToByteArray()) ?? []);
    },
    async pieces() {
      const request = new ListObjectsV2Command({ Bucket: server.bucket, Prefix: prefix });
      const keys = (await client.send(request)).Contents?.map(({ Key = '' }) => Key.slice(prefix.length));
      return keys?.filter(key => key.includes('.')) ?? [];
    },
    async localFiles() {
      const entries = await readdir(temporary, { recursive: true, withFileTypes: true });
      return entries.filter(entry => entry.isFile()).map(({ name }) => name);
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

function portOf(service: Service | undefined): number {
  return Number(new URL(service?.url ?? '').port);
}
