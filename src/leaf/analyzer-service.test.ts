import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { after, before, suite, test } from 'node:test';
import sharp from 'sharp';
import { assertProblem } from '../../test/support/answers.ts';
import { eventually } from '../../test/support/eventually.ts';
import { readLeafConfig } from '../config/leaf-config.ts';
import { createLogger } from '../telemetry/logger.ts';
import { readClassifierCard } from './analyzer/classifier-card.ts';
import { createAnalyzer } from './analyzer-service.ts';
import { drawLeaf } from './images/drawn-leaf.ts';
import type { LeafService } from './leaf-service.ts';
import { plants } from './plants.ts';

const notLinux = process.platform !== 'linux';
const counts = { potato: 3, tomato: 10, pepper: 2 };

suite('The analyzer', () => {
  let service: LeafService;
  let url: string;
  let leaf: Buffer;
  before(async () => {
    leaf = Buffer.from(await drawLeaf('tomato', 1));
    const config = readLeafConfig('analyzer', { PORT: '0', METRICS_PORT: '0' });
    service = createAnalyzer(config, createLogger('silent'));
    ({ url } = await service.start());
    await eventually(async () => (await fetch(`${url}/health/ready`)).ok, 'the network is loaded', 60_000);
  });
  after(() => service.stop());

  const send = (path: string, body: Buffer | string, type = 'image/jpeg') =>
    fetch(`${url}${path}`, {
      method: 'POST',
      body: typeof body === 'string' ? body : new Uint8Array(body),
      headers: { 'content-type': type },
    });

  test('tells a disease of the plant that was asked for, by photo and by digits alike', async () => {
    const { outputs } = readClassifierCard();
    assert.equal(outputs.length, 16);
    for (const plant of plants) {
      const known = outputs.filter(name => name.startsWith(`${plant}/`));
      assert.equal(known.length, counts[plant]);
      const answer = await send(`/${plant}/disease-classify`, leaf);
      assert.equal(answer.status, 200);
      const told = (await answer.json()) as { predicted_class: string; confidence: number };
      assert.deepEqual(Object.keys(told), ['predicted_class', 'confidence']);
      assert.ok(known.includes(`${plant}/${told.predicted_class}`));
      assert.ok(told.confidence >= 0 && told.confidence <= 1);
      const digits = JSON.stringify({ hex_bytes: leaf.toString('hex') });
      const byDigits = await send(`/${plant}/disease-classify-by-bytes/`, digits, 'application/json');
      assert.deepEqual(await byDigits.json(), told);
    }
  });

  test('lets ONNX Runtime tell nobody what it looks at', { skip: notLinux }, async () => {
    const processes = await classifierProcesses();
    assert.ok(processes.length > 0);
    for (const { environment } of processes) assert.ok(environment.includes('ORT_DISABLE_TELEMETRY=1'));
  });

  test('takes photos of any size, turned as the camera was held, in grey and in CMYK', async () => {
    const large = sharp(leaf).resize(4_000, 3_000, { fit: 'fill' });
    const photos = [
      await large.jpeg().toBuffer(),
      await sharp(leaf)
        .withExif({ IFD0: { Orientation: '6' } })
        .jpeg()
        .toBuffer(),
      await sharp(leaf).greyscale().jpeg().toBuffer(),
      await sharp(leaf).toColourspace('cmyk').jpeg().toBuffer(),
      await sharp(leaf).resize(1, 1).jpeg().toBuffer(),
    ];
    for (const photo of photos) assert.equal((await send('/potato/disease-classify', photo)).status, 200);
  });

  test('refuses what is no photo it can use', async () => {
    const classify = (body: Buffer) => send('/potato/disease-classify', body);
    await assertRefused(await classify(Buffer.alloc(0)), 400, 'empty-upload');
    await assertRefused(await classify(await sharp(leaf).png().toBuffer()), 415, 'not-an-image');
    await assertRefused(await classify(leaf.subarray(0, leaf.length / 2)), 422, 'corrupt-image');
    await assertRefused(
      await classify(Buffer.concat([leaf.subarray(0, 20), Buffer.alloc(1_000, 7)])),
      422,
      'corrupt-image',
    );
    await assertRefused(await classify(withSize(leaf, 65_000, 65_000)), 413, 'image-too-large');
    await assertRefused(await classify(Buffer.alloc(11 * 2 ** 20, 0xff)), 413, 'upload-too-large');
    await assertRefused(await send('/rose/disease-classify', leaf), 404, 'not-found');
    await assertRefused(
      await send('/potato/disease-classify', 'x', 'text/plain'),
      415,
      'unsupported-media-type',
    );
    await assertRefused(
      await send('/potato/disease-classify', '{}', 'application/json'),
      415,
      'unsupported-media-type',
    );
    const byBytes = (body: object) =>
      send('/potato/disease-classify-by-bytes', JSON.stringify(body), 'application/json');
    await assertRefused(await byBytes({ hex_bytes: 'ffd8f' }), 400, 'invalid-request');
    await assertRefused(await byBytes({ hex_bytes: 'potato' }), 400, 'invalid-request');
    await assertRefused(await byBytes({}), 400, 'invalid-request');
  });

  test('answers everybody while many ask, and says that it lives', async () => {
    const asked = Array.from({ length: 40 }, () => send('/pepper/disease-classify', leaf));
    const ping = await fetch(`${url}/ping`);
    assert.equal(await ping.text(), '"Hello, I am alive"');
    for (const answer of await Promise.all(asked)) assert.equal(answer.status, 200);
  });

  test('refuses photos before it reads them while 64 are being sent', async () => {
    const { port } = new URL(url);
    const headers = { 'content-type': 'image/jpeg', 'content-length': '1000' };
    const path = '/potato/disease-classify';
    const slow = Array.from({ length: 64 }, () => {
      const sending = request({ port, path, method: 'POST', headers }).on('error', () => {});
      sending.write('x');
      return sending;
    });
    const isRefused = async () => {
      const { code } = (await (await send(path, 'x')).json()) as { code: string };
      return code === 'overloaded';
    };
    try {
      await eventually(isRefused, 'too many are being sent');
    } finally {
      for (const sending of slow) sending.destroy();
    }
    await eventually(async () => !(await isRefused()), 'there is room again');
  });
});

test('An analyzer whose network could not be run tries again by itself', { skip: notLinux }, async () => {
  const config = readLeafConfig('analyzer', { PORT: '0', METRICS_PORT: '0' });
  const service = createAnalyzer(config, createLogger('silent'));
  try {
    const { url } = await service.start();
    const readiness = async () => await (await fetch(`${url}/health/ready`)).text();
    const [first] = await eventually(async () => {
      const found = await classifierProcesses();
      return found.length > 0 && found;
    }, 'the first process is there');
    process.kill(Number(first?.number), 'SIGKILL');
    await eventually(async () => /can't be run/.test(await readiness()), 'the trial has failed');
    await eventually(async () => (await fetch(`${url}/health/ready`)).ok, 'the network is loaded', 60_000);
  } finally {
    await service.stop();
  }
});

/** What a JPEG's frame header says of its size, replaced by a lie. */
function withSize(jpeg: Buffer, width: number, height: number): Buffer {
  const lie = Buffer.from(jpeg);
  const frame = lie.indexOf(Buffer.from([0xff, 0xc0]));
  lie.writeUInt16BE(height, frame + 5);
  lie.writeUInt16BE(width, frame + 7);
  return lie;
}

async function assertRefused(answer: Response, status: number, code: string): Promise<void> {
  assert.equal(answer.status, status);
  const type = answer.headers.get('content-type') ?? '';
  assert.equal(assertProblem(status, type, await answer.text(), code), code);
}

/** Those that this process has started for the network, by Linux's /proc. */
async function classifierProcesses(): Promise<{ number: string; environment: string[] }[]> {
  const numbers = (await readdir('/proc')).filter(name => /^\d+$/.test(name));
  const found = await Promise.all(
    numbers.map(async number => {
      const read = (file: string) => readFile(`/proc/${number}/${file}`, 'utf8').catch(() => '');
      const [command, status, environment] = await Promise.all(['cmdline', 'status', 'environ'].map(read));
      const isOurs = command?.includes('classifier-process') && status?.includes(`\nPPid:\t${process.pid}\n`);
      return isOurs ? [{ number, environment: environment?.split('\0') ?? [] }] : [];
    }),
  );
  return found.flat();
}
