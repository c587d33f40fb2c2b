import assert from 'node:assert/strict';
import { once } from 'node:events';
import { cp, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import { launcher, projectRoot, run, start, tintype } from '../support/program.ts';
import { embedded } from '../support/service.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

describe('the launcher', () => {
  test('installs what is missing in a fresh clone, once for all who start there', async () => {
    await using folder = await temporaryFolder();
    const clone = path.join(folder.path, 'clone');
    await copyClone(clone);
    const both = await Promise.all(
      ['--version', '--help'].map(flag => run('node', [path.join(clone, 'bin/tintype.js'), flag])),
    );
    const [version, help] = both;
    assert.equal(version?.code, 0, version?.stderr);
    assert.match(version?.stdout ?? '', /^\d+\.\d+\.\d+\n$/);
    assert.equal(help?.code, 0, help?.stderr);
    assert.match(help?.stdout ?? '', /^Usage: tintype/);
    assert.equal(both.filter(({ stderr }) => stderr.includes('Installing what is missing')).length, 1);

    const again = await run('node', [path.join(clone, 'bin/tintype.js'), '--version']);
    assert.equal(again.stderr, '');
  });

  test('says what is the matter when the installation fails, and lets the next one try', async () => {
    await using folder = await temporaryFolder();
    await copyClone(folder.path, file => !file.endsWith('package-lock.json'));
    for (const _ of [1, 2]) {
      const { code, stderr } = await run('node', ['bin/tintype.js', '--version'], { cwd: folder.path });
      assert.equal(code, 1);
      assert.match(stderr, /npm ci failed: see its message above/);
    }
  });

  test('runs under Node 24 and hands on arguments, output and exit code', async () => {
    const { code, stdout } = await tintype(['config', '--json'], { env: { PORT: '1234' } });
    assert.equal(code, 0);
    const values = JSON.parse(stdout) as { name: string; value: unknown }[];
    assert.equal(values.find(({ name }) => name === 'PORT')?.value, 1234);
    assert.equal((await tintype(['no-such-command'])).code, 2);
  });

  test("keeps the project's paths when it is called from another folder", async () => {
    await using folder = await temporaryFolder();
    const { stdout } = await tintype(['config', '--json'], { cwd: folder.path });
    const values = JSON.parse(stdout) as { name: string; value: unknown }[];
    const database = values.find(({ name }) => name === 'DATABASE_URL')?.value;
    assert.equal(database, `sqlite:${path.join(projectRoot, 'data/tintype.db')}`);
  });

  test('keeps ONNX Runtime from telling its makers what runs here', async () => {
    await using folder = await temporaryFolder();
    const script = path.join(folder.path, 'print.js');
    await writeFile(script, 'console.log(process.env.ORT_DISABLE_TELEMETRY);');
    const { stdout } = await run('node', [path.join(projectRoot, 'bin/node24.js'), script]);
    assert.equal(stdout, '1\n');
  });

  test('is what npx runs in a clone', async () => {
    const { code, stdout } = await run('npx', ['tintype', '--version']);
    assert.equal(code, 0);
    assert.match(stdout, /^\d+\.\d+\.\d+\n$/);
  });

  test('takes its child along when it is killed', async () => {
    await using folder = await temporaryFolder();
    const service = start('node', [launcher, 'serve'], { env: embedded(folder.path) });
    const url = await listening(service.stdout);
    service.kill('SIGKILL');
    await once(service, 'close'); // Both ends of its output are closed: nobody is left who could write.
    await assert.rejects(fetch(url));
  });

  test('stops the service once for the signals of one Ctrl-C', async () => {
    await using folder = await temporaryFolder();
    const service = start('node', [launcher, 'serve'], { env: embedded(folder.path) });
    await listening(service.stdout);
    service.kill('SIGINT');
    service.kill('SIGINT');
    const [code] = await once(service, 'close');
    assert.equal(code, 0);
  });

  test('passes on every signal to stop, and ends after the service with its exit code', async () => {
    for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT'] as const) {
      await using folder = await temporaryFolder();
      const env = { ...embedded(folder.path), LOG_LEVEL: 'info' };
      const service = start('node', [launcher, 'serve'], { env });
      let said = '';
      service.stderr.setEncoding('utf8').on('data', text => {
        said += text;
      });
      const url = await listening(service.stdout);
      const closed = once(service, 'close');
      service.kill(signal);
      assert.deepEqual(await once(service, 'exit'), [0, null], signal);
      await assert.rejects(fetch(url), signal);
      await closed;
      assert.match(said, /"msg":"stopped"/, signal);
    }
  });

  test('passes on what npm start is given', async () => {
    await using folder = await temporaryFolder();
    const { PORT: _, ...env } = embedded(folder.path);
    const service = start('npm', ['start', '--', '--port', '0'], { env });
    const url = await listening(service.stdout);
    assert.equal((await fetch(`${url}/health/live`)).status, 200);
    service.kill('SIGTERM');
    await once(service, 'close');
    await assert.rejects(fetch(url));
  });

  test('prints faults of the configuration and exits with 78', async () => {
    const { code, stderr } = await tintype(['serve'], { env: { PORT: 'x', LEASE_SECONDS: '-1' } });
    assert.equal(code, 78);
    assert.match(stderr, /PORT is 'x'/);
    assert.match(stderr, /LEASE_SECONDS is '-1'/);
  });
});

/** What a clone has that the program needs. */
async function copyClone(target: string, filter: (file: string) => boolean = () => true): Promise<void> {
  for (const name of ['bin', 'src', 'package.json', 'package-lock.json', '.npmrc']) {
    await cp(path.join(projectRoot, name), path.join(target, name), { recursive: true, filter });
  }
}

async function listening(stdout: Readable): Promise<string> {
  let said = '';
  for await (const chunk of stdout.iterator({ destroyOnReturn: false })) {
    said += String(chunk);
    const url = /listens on (http:\S+)\n/.exec(said)?.[1];
    if (url === undefined) continue;
    void text(stdout); // Read on, so that it can close.
    return url;
  }
  throw new Error(`It never listened. It said: ${said}`);
}
