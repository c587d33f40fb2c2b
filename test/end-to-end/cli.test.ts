import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import { launcher, start, tintype } from '../support/program.ts';
import { embedded, Service } from '../support/service.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

describe('the command line', () => {
  test('explains itself', async () => {
    const help = await tintype(['--help']);
    assert.equal(help.code, 0);
    for (const command of ['serve', 'run', 'jobs', 'keys', 'models', 'migrate', 'config']) {
      assert.match(help.stdout, new RegExp(`^ {2}${command} `, 'm'));
      assert.equal((await tintype([command, '--help'])).code, 0);
    }
    assert.match(help.stdout, /Examples:/);
    const nothing = await tintype([]);
    assert.equal(nothing.code, 2);
    assert.match(nothing.stderr, /^Usage: tintype/);
  });

  test('says what is wrong with a job store that is none', async () => {
    await using folder = await temporaryFolder();
    await writeFile(`${folder.path}/tintype.db`, 'I am a diary, and nobody reads me.'.repeat(100));
    const { code, stderr } = await tintype(['serve'], { env: embedded(folder.path) });
    assert.equal(code, 78);
    assert.match(
      stderr,
      /^DATABASE_URL names .*\/tintype\.db, which is no SQLite database; accepted: [^\n]*\n$/,
    );
  });

  const mistakes: [string[], string][] = [
    [['rnu'], "unknown command 'rnu'. Did you mean run?"],
    [['zzzzzz'], "unknown command 'zzzzzz'. See --help."],
    [['run'], "missing required argument 'sources'. See --help."],
    [['run', 'a.jpg', '--sise', '10x10'], "unknown option '--sise'. Did you mean --size?"],
    [['run', 'a.jpg', '--width', '640'], '--width is not known here. Use --size 640x'],
    [['run', 'a.jpg', '--height=tall'], '--height is not known here. Use --size x800'],
    [
      ['run', 'a.jpg', '--fit', 'covr'],
      '--fit covr: did you mean cover? Accepted: cover, contain, fill, inside, outside',
    ],
    [
      ['run', 'a.jpg', '--quality', '101'],
      '--quality 101 is not accepted. Accepted: a whole number from 1 to 100',
    ],
    [['run', 'a.jpg', '--background', 'bleu'], '"bleu" is no colour that CSS has a name for.'],
    [['serve', '--port', '99999'], '--port 99999 is not accepted. Accepted: a whole number from 0 to 65535'],
    [
      ['models', 'import', 'a.hdf5', '--as', 'psnr-smal'],
      '--as psnr-smal: did you mean psnr-small? Accepted: psnr-small, psnr-large, noise-cancel, gans',
    ],
    [['models', 'import', 'a.hdf5'], "required option '--as <name>' not specified. See --help."],
    [['jobs', 'lst'], "unknown command 'lst'. Did you mean list?"],
    [
      ['jobs', 'list', '--status', 'fialed'],
      '--status fialed: did you mean failed? Accepted: pending, processing, complete, failed, cancelled, expired',
    ],
    [
      ['jobs', 'retry', '--code', '424'],
      'retry without ids is not accepted. Accepted: the ids of jobs, or --status failed',
    ],
  ];
  for (const [args, answer] of mistakes) {
    test(`answers "tintype ${args.join(' ')}" with what is right, in one line`, async () => {
      const { code, stdout, stderr } = await tintype(args);
      assert.deepEqual({ code, stdout, stderr }, { code: 2, stdout: '', stderr: `${answer}\n` });
    });
  }

  test('tells where each value of the configuration comes from', async () => {
    const env = { PORT: '4711', DATABASE_URL: 'sqlite:/srv/jobs.db', MAX_UPLOAD_BYTE: '1' };
    const { stdout, stderr } = await tintype(['config'], { env });
    assert.match(stdout, /^PORT +4711 +environment$/m);
    assert.match(stdout, /^DATABASE_URL +sqlite:\/srv\/jobs\.db +environment$/m);
    assert.match(stdout, /^HOST +127\.0\.0\.1 +default$/m);
    assert.match(stdout, /^AUTH +off +default$/m);
    assert.equal(stderr, 'MAX_UPLOAD_BYTE is set and not known. Did you mean MAX_UPLOAD_BYTES?\n');
  });

  test('shows all faults of the configuration at once', async () => {
    const { code, stdout, stderr } = await tintype(['config'], { env: { PORT: 'x', ALLOW_SVG: 'perhaps' } });
    assert.equal(code, 78);
    assert.equal(stdout, '');
    assert.match(stderr, /PORT is 'x'[\s\S]*ALLOW_SVG is 'perhaps'/);
  });

  test('stops the service at SIGTERM with exit code 0, and logs it', async () => {
    await using folder = await temporaryFolder();
    const env = { ...embedded(folder.path), LOG_LEVEL: 'info', MAX_UPLOAD_SIZE: '1' };
    const service = start('node', [launcher, 'serve'], { env });
    const log = text(service.stderr);
    await once(service.stdout, 'data');
    const ended = once(service, 'exit');
    service.kill('SIGTERM');
    assert.deepEqual(await ended, [0, null]);
    assert.match(await log, /"variable":"MAX_UPLOAD_SIZE".*not known[\s\S]*"signal":"SIGTERM".*"stopping/);
  });

  test('refuses a second service on the same job store, and says so', async () => {
    await using service = await Service.start();
    const { code, stderr } = await tintype(['serve'], { env: embedded(service.folder) });
    assert.equal(code, 1);
    assert.equal(stderr.trim().split('\n').length, 1, stderr);
  });

  test('makes the tables, once', async () => {
    await using folder = await temporaryFolder();
    const env = embedded(folder.path);
    const missing = await tintype(['jobs', 'list'], { env });
    assert.equal(missing.code, 1);
    assert.match(missing.stderr, /^There is no job store at /);
    assert.match((await tintype(['migrate'], { env })).stdout, /^Applied /);
    assert.equal((await tintype(['migrate'], { env })).stdout, 'Up to date.\n');
    assert.equal((await tintype(['jobs', 'list'], { env })).stdout, 'No jobs.\n');
  });
});

describe('tintype jobs', () => {
  test('lists, shows, cancels and retries jobs beside a running service', async () => {
    await using service = await Service.start();
    const env = embedded(service.folder);
    const id = await submit(service.url, { notBefore: '2999-01-01T00:00:00Z', class: 'later' });
    await submit(service.url, { notBefore: '2999-01-01T00:00:00Z' });

    const list = await tintype(['jobs', 'list', '--class', 'later', '--json'], { env });
    const { jobs, nextCursor } = JSON.parse(list.stdout) as { jobs: { id: string }[]; nextCursor: null };
    assert.deepEqual([jobs.map(job => job.id), nextCursor], [[id], null]);
    assert.match((await tintype(['jobs', 'list'], { env })).stdout, new RegExp(`^${id} +pending `, 'm'));
    assert.match((await tintype(['jobs', 'list', '--limit', '1'], { env })).stdout, /--cursor \S+\n$/);

    const failed = await tintype(['jobs', 'retry', '--status', 'failed', '--code', '424'], { env });
    assert.equal(failed.stdout, '0 run again.\n');

    const cancelled = await tintype(['jobs', 'cancel', id], { env });
    assert.match(cancelled.stdout, /^status +cancelled/m);
    assert.match(cancelled.stdout, /^expires +\d{4}-/m);
    const retried = await tintype(['jobs', 'retry', id, '--json'], { env });
    const job = JSON.parse(retried.stdout) as { status: string; run: number };
    assert.deepEqual([job.status, job.run], ['pending', 2]);
    const shown = (await (await fetch(`${service.url}/jobs/${id}`)).json()) as { run: number };
    assert.equal(shown.run, 2);

    const again = await tintype(['jobs', 'retry', id], { env });
    assert.deepEqual([again.code, again.stdout, again.stderr.split('\n').length], [1, '', 2]);
    const unknown = await tintype(['jobs', 'show', 'nothing'], { env });
    assert.deepEqual([unknown.code, unknown.stderr], [1, 'There is no job nothing.\n']);
  });
});

async function submit(url: string, job: object): Promise<string> {
  const response = await fetch(`${url}/jobs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ source: { url: 'https://images.example.org/a.jpg' }, ...job }),
  });
  assert.equal(response.status, 202);
  const { id } = (await response.json()) as { id: string };
  return id;
}
