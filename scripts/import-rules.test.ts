import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { temporaryFolder } from '../test/support/temporary-folder.ts';
import { checkFile, checkFolder } from './import-rules.ts';

function messages(file: string, ...lines: string[]): string[] {
  return checkFile(file, lines.join('\n')).map(({ line, message }) => `${line}: ${message}`);
}

describe('the import rules', () => {
  test('refuse a folder that the importing one may not know', () => {
    assert.deepEqual(messages('http/server.ts', "import { Worker } from '../worker/worker.ts';"), [
      '1: imports worker/worker.ts; http may import errors, telemetry, jobs, web, program, secrets, ' +
        'images/filename-characters.ts, images/image-header.ts, images/limits.ts, images/output-names.ts, images/output-options.ts, ' +
        'super-resolution/model-library.ts, super-resolution/model-names.ts, super-resolution/model-view.ts',
    ]);
  });

  test('allow single files of a folder, not the others', () => {
    assert.deepEqual(
      messages('http/a.ts', "import { outputSchema } from '../images/output-options.ts';"),
      [],
    );
    assert.equal(messages('http/a.ts', "import { render } from '../images/render.ts';").length, 1);
  });

  test('see types, several lines, re-exports, bare and dynamic imports, and name the line', () => {
    const found = messages(
      'errors/a.ts',
      "import type { Job } from '../jobs/job.ts';",
      'import {',
      '  one,',
      '  two,',
      "} from '../queue/database.ts';",
      "export { three } from '../http/server.ts';",
      "import '../app.ts';",
      "const four = await import('../worker/worker.ts');",
    );
    assert.deepEqual(
      found.map(text => text.split(';')[0]),
      [
        '1: imports jobs/job.ts',
        '2: imports queue/database.ts',
        '6: imports http/server.ts',
        '7: imports app.ts',
        '8: imports worker/worker.ts',
      ],
    );
  });

  test('leave a client library to the folder of its drivers', () => {
    assert.deepEqual(messages('worker/a.ts', "import sharp from 'sharp';"), [
      '1: imports sharp; only images, leaf may',
    ]);
    assert.deepEqual(messages('images/a.ts', "import sharp from 'sharp';"), []);
    assert.equal(messages('jobs/a.ts', "import swagger from '@fastify/swagger';").length, 1);
    assert.equal(messages('app.ts', "import { DatabaseSync } from 'node:sqlite';").length, 1);
  });

  test('leave the environment to the configuration and the command line', () => {
    assert.equal(messages('queue/a.ts', 'const url = process.env.JOB_QUEUE_URL;').length, 1);
    assert.deepEqual(messages('cli/a.ts', 'const config = readConfig(process.env);'), []);
  });

  test('let the composition root and the command line know everything', () => {
    assert.deepEqual(messages('app.ts', "import { Worker } from './worker/worker.ts';"), []);
    assert.deepEqual(messages('cli/run.ts', "import { jobAnswer } from '../http/job-schema.ts';"), []);
  });

  test('are not met by a folder that has no rule', () => {
    assert.equal(messages('helpers/a.ts', 'export const a = 1;').length, 1);
  });

  test('hold in this project', () => {
    assert.deepEqual(checkFolder(path.resolve(import.meta.dirname, '../src')), []);
  });

  test('are checked in every file of a folder but the tests', async () => {
    await using folder = await temporaryFolder();
    const root = folder.path;
    mkdirSync(path.join(root, 'jobs'));
    for (const name of ['job.ts', 'job.test.ts', 'notes.md']) {
      writeFileSync(path.join(root, 'jobs', name), "import { open } from '../job-store/sqlite.ts';\n");
    }
    assert.deepEqual(
      checkFolder(root).map(({ file }) => file),
      ['jobs/job.ts'],
    );
  });
});
