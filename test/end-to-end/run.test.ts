import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, test } from 'node:test';
import sharp from 'sharp';
import { photo } from '../support/photo.ts';
import { launcher, start, tintype } from '../support/program.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

interface RunDocument {
  results: {
    source: string;
    status: string;
    outputs: { name: string; file: string; width: number; height: number; bytes: number; sha256: string }[];
    error?: { code: string; message: string };
  }[];
  skipped: { source: string }[];
}

describe('tintype run', () => {
  test('makes a thumbnail beside the caller, one plain line a result', async () => {
    await using folder = await temporaryFolder();
    const cwd = folder.path;
    await photo(640, 480).jpeg().toFile(path.join(cwd, 'photo.jpg'));
    // What a service would not start with.
    const env = { DATABASE_URL: 'mysql://db/images', HOST: '0.0.0.0', OBJECT_DOWNLOADS: 'redirect' };
    const { code, stdout, stderr } = await tintype(['run', 'photo.jpg'], { cwd, env });
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^photo\.jpg → thumb_photo\.jpg 100×100 \d\S* k?B \d+ ms\n$/);
    assert.equal(stderr, '');
    const { width, height, format } = await sharp(path.join(cwd, 'thumb_photo.jpg')).metadata();
    assert.deepEqual({ width, height, format }, { width: 100, height: 100, format: 'jpeg' });
    assert.deepEqual((await readdir(cwd)).sort(), ['photo.jpg', 'thumb_photo.jpg']);
  });

  test('makes every size of every image in a folder, and says what it left out and what failed', async () => {
    await using folder = await temporaryFolder();
    const cwd = folder.path;
    await mkdir(path.join(cwd, 'photos/more'), { recursive: true });
    await photo(450, 300).png().toFile(path.join(cwd, 'photos/a.png'));
    const b = await photo(450, 300).jpeg().toBuffer();
    await writeFile(path.join(cwd, 'photos/b.jpg'), b);
    await writeFile(path.join(cwd, 'photos/cut.jpg'), b.subarray(0, 2000));
    await writeFile(path.join(cwd, 'photos/notes.txt'), 'no image');
    const { code, stdout } = await tintype(
      ['run', 'photos', 'nothing.jpg', '--size', '50x50', '--size', '80x', '--out', 'made', '--json'],
      { cwd },
    );
    assert.equal(code, 1);
    const { results, skipped } = JSON.parse(stdout) as RunDocument;
    assert.deepEqual(
      results.map(({ source, status, error }) => [source, status, error?.code]),
      [
        ['nothing.jpg', 'failed', 'source-not-found'],
        ['photos/a.png', 'complete', undefined],
        ['photos/b.jpg', 'complete', undefined],
        ['photos/cut.jpg', 'failed', 'corrupt-image'],
      ],
    );
    assert.deepEqual(
      results[1]?.outputs.map(({ name, file, width, height }) => [name, file, width, height]),
      [
        ['50x50', 'made/50x50_a.png', 50, 50],
        ['80x', 'made/80x_a.png', 80, 53],
      ],
    );
    assert.deepEqual(
      skipped.map(({ source }) => source),
      ['photos/more', 'photos/notes.txt'],
    );
    const made = ['50x50_a.png', '50x50_b.jpg', '80x_a.png', '80x_b.jpg'];
    assert.deepEqual((await readdir(path.join(cwd, 'made'))).sort(), made);
  });

  test('leaves the service alone, whose broker may be away', async () => {
    await using folder = await temporaryFolder();
    const cwd = folder.path;
    await photo(360, 260).png().toFile(path.join(cwd, 'a.png'));
    const env = { JOB_QUEUE_URL: 'redis://127.0.0.1:9', LOG_LEVEL: 'warn' };
    const { code, stderr } = await tintype(['run', 'a.png'], { cwd, env });
    assert.deepEqual([code, stderr], [0, '']);
  });

  test('converts under the name of the source, which it never overwrites', async () => {
    await using folder = await temporaryFolder();
    const cwd = folder.path;
    await photo(360, 260).png().toFile(path.join(cwd, 'a.png'));
    const before = await readFile(path.join(cwd, 'a.png'));
    const converted = await tintype(['run', 'a.png', '--format', 'webp'], { cwd });
    assert.match(converted.stdout, /^a\.png → a\.webp 360×260 /);
    const same = await tintype(['run', 'a.png', '--grayscale'], { cwd });
    assert.match(same.stdout, /^a\.png → a-2\.png 360×260 /);
    assert.deepEqual(await readFile(path.join(cwd, 'a.png')), before);
  });

  test('gives images of the same name a number, in the order of the sources', async () => {
    await using folder = await temporaryFolder();
    const cwd = folder.path;
    for (const [place, width] of [
      ['x', 300],
      ['y', 450],
    ] as const) {
      await mkdir(path.join(cwd, place));
      await photo(width, 300)
        .jpeg()
        .toFile(path.join(cwd, place, 'a.jpg'));
    }
    const { stdout } = await tintype(['run', 'x/a.jpg', 'y/a.jpg', '--size', 'x100', '--json'], { cwd });
    const { results } = JSON.parse(stdout) as RunDocument;
    assert.deepEqual(
      results.map(({ outputs: [output] }) => [output?.file, output?.width]),
      [
        ['thumb_a.jpg', 100],
        ['thumb_a-2.jpg', 150],
      ],
    );
  });

  test('refuses addresses inside the network, like the service', async () => {
    await using folder = await temporaryFolder();
    const { code, stdout } = await tintype(['run', 'http://127.0.0.1:9/a.jpg'], { cwd: folder.path });
    assert.equal(code, 1);
    assert.match(stdout, /^http:\/\/127\.0\.0\.1:9\/a\.jpg failed: .* \(address-blocked\)\n$/);
  });

  test('stops at Ctrl-C and leaves nothing behind', async () => {
    await using folder = await temporaryFolder();
    const cwd = folder.path;
    await mkdir(path.join(cwd, 'photos'));
    const scratch = path.join(cwd, 'scratch');
    await mkdir(scratch);
    const image = await photo(1600, 1200).jpeg().toBuffer();
    for (let number = 0; number < 60; number += 1) {
      await writeFile(path.join(cwd, 'photos', `${number}.jpg`), image);
    }
    const child = start('node', [launcher, 'run', 'photos', '--out', 'made'], {
      cwd,
      env: { TMPDIR: scratch },
    });
    await once(child.stdout, 'data');
    child.kill('SIGINT');
    child.stdout.resume();
    child.stderr.resume();
    const [code] = await once(child, 'close');
    assert.equal(code, 130);
    assert.deepEqual(await readdir(scratch), []);
    const made = await readdir(path.join(cwd, 'made'));
    assert.ok(made.length > 0 && made.length < 60, `${made.length} images`);
    assert.deepEqual(
      made.filter(name => !name.startsWith('thumb_')),
      [],
    );
  });
});
