import assert from 'node:assert/strict';
import { access, copyFile, cp, mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, test } from 'node:test';
import { photo } from '../support/photo.ts';
import { projectRoot, run } from '../support/program.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

describe('the package', () => {
  test('installs into an empty folder with scripts off, and makes an image there', async () => {
    await using folder = await temporaryFolder();
    const source = path.join(folder.path, 'source');
    const home = path.join(folder.path, 'home');
    await copyProject(source);
    await mkdir(home);

    const bare = await run('npm', ['pack'], { cwd: source });
    assert.notEqual(bare.code, 0, 'a bare npm pack would ship a package without dist/');

    const packed = await run('node', ['bin/node24.js', 'scripts/pack.ts', `--pack-destination=${home}`], {
      cwd: source,
    });
    assert.equal(packed.code, 0, packed.stderr);
    const tarball = packed.stdout.trim().split('\n').at(-1) ?? '';
    await assert.rejects(access(path.join(source, 'dist')), 'a dist/ left behind would go stale');

    await writeFile(path.join(home, 'package.json'), '{"private": true}\n');
    const installed = await run(
      'npm',
      ['install', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', `./${tarball}`],
      { cwd: home },
    );
    assert.equal(installed.code, 0, installed.stderr);

    const version = await run('npx', ['tintype', '--version'], { cwd: home });
    assert.match(version.stdout, /^\d+\.\d+\.\d+\n$/, version.stderr);
    await photo(640, 480).jpeg().toFile(path.join(home, 'photo.jpg'));
    const made = await run('npx', ['tintype', 'run', 'photo.jpg'], { cwd: home });
    assert.equal(made.code, 0, made.stdout + made.stderr);
    assert.match(made.stdout, /^photo\.jpg → thumb_photo\.jpg 100×100 /);

    const config = await run('npx', ['tintype', 'config', '--json'], { cwd: home });
    const values = JSON.parse(config.stdout) as { name: string; value: unknown }[];
    const database = values.find(({ name }) => name === 'DATABASE_URL')?.value;
    assert.equal(database, `sqlite:${path.join(home, 'data/tintype.db')}`);
  });
});

/** What packing needs, with links to this working copy's dependencies. */
async function copyProject(target: string): Promise<void> {
  const names = ['bin', 'src', 'scripts', 'package.json', 'package-lock.json', '.npmrc', 'LICENSE'];
  for (const name of [...names, 'tsconfig.json', 'tsconfig.build.json']) {
    await cp(path.join(projectRoot, name), path.join(target, name), { recursive: true });
  }
  // A link each, not one for all: whoever empties that folder must not empty ours.
  const installed = path.join(projectRoot, 'node_modules');
  const links = path.join(target, 'node_modules');
  await mkdir(links);
  for (const name of await readdir(installed)) {
    if (name !== '.package-lock.json') await symlink(path.join(installed, name), path.join(links, name));
  }
  await copyFile(path.join(installed, '.package-lock.json'), path.join(links, '.package-lock.json'));
}
