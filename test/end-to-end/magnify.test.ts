import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { suite, test } from 'node:test';
import sharp from 'sharp';
import { startHttp } from '../support/counting-server.ts';
import { eventually } from '../support/eventually.ts';
import { photo } from '../support/photo.ts';
import { Service } from '../support/service.ts';

suite('GET /magnify on a real service', () => {
  test('fetches an image, enlarges it and answers with it', async () => {
    const png = await photo(256, 256).png().toBuffer();
    await using images = await startHttp((_request, answer) => answer.end(png));
    await using service = await Service.start({
      MAGNIFY_ORIGINS: '127.0.0.1',
      ALLOW_PRIVATE_ADDRESSES: '127.0.0.0/8',
    });
    const query = new URLSearchParams({ image_url: `${images.url}/a.png`, model: 'psnr-small' });
    for (const more of [{}, { by_patch_of_size: '64', batch_size: '4', padding_size: '0' }]) {
      const answer = await fetch(`${service.url}/magnify?${query}&${new URLSearchParams(more)}`);
      assert.equal(answer.status, 200);
      assert.equal(answer.headers.get('content-disposition'), 'attachment; filename="sharpened.jpg"');
      const { width, height, format } = await sharp(await answer.arrayBuffer()).metadata();
      assert.deepEqual([width, height, format], [512, 512, 'jpeg']);
    }
  });

  test('leaves private addresses to the address guard, wherever images may come from', async () => {
    await using images = await startHttp((_request, answer) => answer.end('secret'));
    await using service = await Service.start({ MAGNIFY_ORIGINS: '127.0.0.1' });
    const url = encodeURIComponent(`${images.url}/a.png`);
    const answer = await fetch(`${service.url}/magnify?image_url=${url}`);
    assert.deepEqual(
      [answer.status, ((await answer.json()) as { code: string }).code],
      [403, 'address-blocked'],
    );
    assert.equal(images.connections, 0);
  });

  test('ends the work for a caller who hangs up', async () => {
    // It never answers.
    const asked = Promise.withResolvers<() => Promise<unknown>>();
    await using images = await startHttp((_request, answer) => asked.resolve(() => once(answer, 'close')));
    await using service = await Service.start({
      MAGNIFY_ORIGINS: '127.0.0.1',
      ALLOW_PRIVATE_ADDRESSES: '127.0.0.0/8',
    });
    const { hostname, port, host } = new URL(service.url);
    const socket = connect(Number(port), hostname);
    const url = encodeURIComponent(`${images.url}/a.png`);
    socket.write(`GET /magnify?image_url=${url} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    const dropped = (await asked.promise)();
    socket.destroy();
    await dropped;
    const jobs = await eventually(async () => {
      const answer = await fetch(`${service.url}/jobs?status=cancelled`);
      const { jobs } = (await answer.json()) as { jobs: unknown[] };
      return jobs.length > 0 && jobs;
    }, 'the job is cancelled');
    assert.equal(jobs.length, 1);
  });
});
