import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { suite, test } from 'node:test';
import { startHttp } from '../../../test/support/counting-server.ts';
import { createLogger } from '../../telemetry/logger.ts';
import { AnalyzerClient } from './analyzer-client.ts';
import { ImageApiClient } from './image-api-client.ts';
import { JobLog } from './job-log.ts';
import { recognizerTask } from './recognizer.ts';

interface Image {
  readonly id: number;
  readonly data: string | null;
  disease: string | null;
  percentage?: number;
}

suite('The recognizer', () => {
  test('notes what the analyzer says of every image of which nothing is known, and asks once', async () => {
    await using system = await startSystem();
    system.images.push(
      ...Array.from({ length: 45 }, (_, index) => ({
        id: index + 1,
        data: 'ffd8ff',
        disease: index === 3 ? 'healthy' : null,
      })),
    );
    await system.run();
    assert.equal(system.analyzed, 44);
    assert.deepEqual(system.images[0], { id: 1, data: 'ffd8ff', disease: 'late_blight', percentage: 97.12 });
    assert.equal(system.images[3]?.disease, 'healthy');
    system.images.push({ id: 46, data: 'ffd8ff', disease: null });
    await system.run();
    assert.equal(system.analyzed, 45);
  });

  test('goes on after a page that the image API has cut short', async () => {
    await using system = await startSystem();
    system.mostListed = 3;
    system.images.push(
      ...Array.from({ length: 7 }, (_, index) => ({ id: index + 1, data: 'ffd8ff', disease: null })),
    );
    await system.run();
    assert.equal(system.analyzed, 7);
  });

  test('leaves a photo that the analyzer refuses as it is, and goes on', async () => {
    await using system = await startSystem();
    system.images.push(
      { id: 1, data: 'dead', disease: null },
      { id: 2, data: null, disease: null },
      { id: 3, data: 'ffd8ff', disease: null },
    );
    await system.run();
    assert.deepEqual(
      system.images.map(({ disease }) => disease),
      [null, null, 'late_blight'],
    );
    assert.match(system.log.lines.map(({ text }) => text).join('\n'), /potato 1 is left as it is: .*no JPEG/);
  });

  test('comes back to the same image when the analyzer is there again', async () => {
    await using system = await startSystem();
    system.images.push({ id: 1, data: 'ffd8ff', disease: null });
    system.isAway = true;
    await assert.rejects(system.run(), { code: 'source-unavailable', message: /The analyzer answers 503/ });
    system.isAway = false;
    await system.run();
    assert.equal(system.images[0]?.disease, 'late_blight');
  });
});

/** An image API of potatoes alone and an analyzer, as the contract has them. */
async function startSystem() {
  const images: Image[] = [];
  const state = { analyzed: 0, isAway: false, mostListed: 100 };
  const server = await startHttp(async (request, response) => {
    const [status, answer] = await answerTo(request);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  });
  const log = new JobLog(createLogger('silent'));
  const api = new ImageApiClient(server.url);
  const task = recognizerTask({ api, analyzer: new AnalyzerClient(server.url), everySeconds: 1 });
  const memory = new Map<string, number>();
  return Object.assign(state, {
    ...{ images, log },
    run: () => task.run({ signal: new AbortController().signal, log, memory }),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  });

  async function answerTo(request: IncomingMessage): Promise<[number, object]> {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://127.0.0.1');
    const body = await buffer(request);
    if (pathname.endsWith('/disease-classify')) return classify(body);
    if (request.method === 'POST') return [200, change(JSON.parse(body.toString()))];
    const from = Number(searchParams.get('from_id'));
    const found = pathname.includes('potato') ? images.filter(({ id }) => id >= from) : [];
    const limit = Math.min(Number(searchParams.get('limit')), state.mostListed);
    return [200, { image_list: found.slice(0, limit), total_images: found.length }];
  }

  function classify(photo: Buffer): [number, object] {
    if (state.isAway) return [503, { detail: 'not now' }];
    if (photo.toString('hex') !== 'ffd8ff') return [415, { detail: 'This is no JPEG.' }];
    state.analyzed++;
    return [200, { predicted_class: 'late_blight', confidence: 0.97123 }];
  }

  function change({ id, ...fields }: Image): object {
    const image = images.find(each => each.id === id);
    return Object.assign(image ?? {}, fields);
  }
}
