import assert from 'node:assert/strict';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { startHttp } from '../support/counting-server.ts';
import { giants } from '../support/giants.ts';
import { ImageVerdicts } from '../support/image-verdicts.ts';
import { photo } from '../support/photo.ts';
import { ProcessMemory } from '../support/process-memory.ts';
import { RendererMemory } from '../support/renderer-memory.ts';
import { Service } from '../support/service.ts';
import { fault } from './fault.ts';

const mebibyte = 2 ** 20;

const row = {
  row: '25',
  fault: 'small files that announce giant images, 100 at once: uploaded, fetched, and as watermarks',
  mustShow: 'refused from the header, no memory spike',
  inTests: { atOnce: 100, rounds: 1 },
  full: { atOnce: 100, rounds: 20 },
};

fault(row, async ({ atOnce, rounds }, report) => {
  const files = await giants();
  await using server = await startHttp((request, response) => {
    response.end(files[decodeURIComponent(request.url?.slice(1) ?? '')]);
  });
  await using service = await Service.start({
    ALLOW_PRIVATE_ADDRESSES: '127.0.0.1/32',
    MAX_ATTEMPTS: '1',
    WORKER_CONCURRENCY: '2',
  });
  const verdicts = new ImageVerdicts(service);
  await verdicts.isWell();
  await shareFiles(service.folder, Object.values(files));
  const small = await photo(320, 256).jpeg().toBuffer();

  using memory = await ProcessMemory.watch(service.process.pid ?? 0);
  await using renderers = new RendererMemory(service.process.pid);
  let refused = 0;
  for (let round = 0; round < rounds; round++) {
    const uploads = Array.from({ length: atOnce }, async (_, index) => {
      const [name, file] = Object.entries(files)[index % Object.keys(files).length] ?? ['', small];
      assert.equal(await verdicts.of(file, name), 'image-too-large', name);
    });
    await Promise.all(uploads);
    for (const [index, name] of Object.keys(files).entries()) {
      const { code } = await verdicts.ofUrl(`${server.url}/${encodeURIComponent(name)}`);
      assert.equal(code, 413, name);
      const outputs = [{ size: '100x100', watermark: { object: `shared/${index}` } }];
      assert.equal(await verdicts.of(small, name, JSON.stringify({ outputs })), 'failed', name);
    }
    refused += atOnce + 2 * Object.keys(files).length;
  }
  const grown = await memory.grown();
  const rendererGrown = (await renderers.most()) - renderers.atStart;
  await verdicts.isWell();
  assert.deepEqual(await readdir(`${service.folder}/objects/.scratch`), []);
  report('refused', refused);
  report('more memory of the service, MiB', Math.round(grown / mebibyte));
  report('more memory of its renderers, MiB', Math.round(rendererGrown / mebibyte));
  assert.ok(grown < 64 * mebibyte, `${grown} bytes`);
  assert.ok(rendererGrown < 64 * mebibyte, `${rendererGrown} bytes`);
});

/** As objects that everybody may name, by their number. */
async function shareFiles(folder: string, files: readonly Buffer[]): Promise<void> {
  const shared = path.join(folder, 'objects/shared');
  await mkdir(shared);
  for (const [index, file] of files.entries()) await writeFile(path.join(shared, String(index)), file);
}
