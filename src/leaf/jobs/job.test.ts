import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { suite, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../../../test/support/eventually.ts';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { createLogger } from '../../telemetry/logger.ts';
import { Job, type JobTask, type TaskRun } from './job.ts';
import { JobLog } from './job-log.ts';
import { type JobState, JobStateFile } from './job-state.ts';

const often = { name: 'count', everySeconds: 0.02, atStart: false };
const seldom = { name: 'count', everySeconds: 1_000, atStart: false };

suite('A job', () => {
  test('does its tasks at their intervals, from the first start of the process on', async () => {
    await using setting = await newSetting();
    const counts = { often: 0, atStart: 0, seldom: 0 };
    await using job = await setting.open([
      { ...often, name: 'often', run: async () => void counts.often++ },
      { ...seldom, name: 'at start', atStart: true, run: async () => void counts.atStart++ },
      { ...seldom, name: 'seldom', run: async () => void counts.seldom++ },
    ]);
    assert.equal(job.view().status, 'running');
    await eventually(() => counts.often >= 3, 'it was done three times');
    assert.deepEqual([counts.atStart, counts.seldom], [1, 0]);
  });

  test('does one thing at a time, and makes up for nothing', async () => {
    await using setting = await newSetting();
    let inside = 0;
    let runs = 0;
    const { promise: opened, resolve } = Promise.withResolvers<Job>();
    const run = async () => {
      assert.equal(++inside, 1);
      const job = await opened;
      await eventually(() => job.view().tasks.every(({ due = 0 }) => due < Date.now()), 'both are late');
      inside--;
      runs++;
    };
    await using job = await setting.open([
      { ...often, name: 'one', run },
      { ...often, name: 'other', run },
    ]);
    resolve(job);
    await eventually(() => runs >= 4, 'both were done');
    assert.deepEqual(
      job.view().tasks.map(({ lastFault }) => lastFault),
      [null, null],
    );
  });

  test('goes on after a pause with what was left, and begins anew after a stop', async () => {
    await using setting = await newSetting();
    await using job = await setting.open([{ ...seldom, run: async () => {} }]);
    const due = () => job.view().tasks[0]?.due;
    const first = due() ?? 0;
    await job.pause();
    const left = job.view().tasks[0]?.left ?? 0;
    assert.ok(left > 900_000 && left <= 1_000_000);
    assert.equal(due(), undefined);
    await eventually(() => Date.now() + left > first + 5, 'time passes');
    await job.start();
    assert.ok((due() ?? 0) > first);
    await job.stop();
    assert.equal(job.view().status, 'stopped');
    assert.equal(due(), undefined);
    await job.start();
    assert.ok((due() ?? 0) - Date.now() > 990_000);
  });

  test('ends what it is doing when it is stopped, and only then', async () => {
    await using setting = await newSetting();
    const { task, begun } = endless();
    await using job = await setting.open([{ ...task, atStart: true }]);
    const signal = await begun;
    assert.equal(job.view().tasks[0]?.isRunning, true);
    await job.pause();
    assert.equal(signal.aborted, false);
    // Start waits for the stop before it.
    await Promise.all([job.stop(), job.start()]);
    assert.equal(signal.aborted, true);
    assert.equal(job.view().status, 'running');
  });

  test('tells what went wrong, and tries again', async () => {
    await using setting = await newSetting();
    let runs = 0;
    const run = async () => {
      if (++runs === 1) throw new Error('the camera is dirty');
    };
    await using job = await setting.open([{ ...often, run }]);
    await eventually(() => runs >= 2 && job.view().tasks[0]?.lastFault === null, 'it has done it again');
    assert.ok(setting.log.lines.some(({ text }) => text.includes('the camera is dirty')));
  });

  test('is after a restart what it was before', async () => {
    await using setting = await newSetting();
    {
      await using job = await setting.open([
        { ...often, run: async ({ memory }) => void memory.set('seen', (memory.get('seen') ?? 0) + 1) },
      ]);
      await eventually(() => (job.view().tasks[0]?.runs ?? 0) >= 2, 'it was done');
      await job.pause();
    }
    const seen: (number | undefined)[] = [];
    const run = async ({ memory }: TaskRun) => void seen.push(memory.get('seen'));
    {
      await using job = await setting.open([{ ...often, run }]);
      assert.equal(job.view().status, 'paused');
      assert.ok((job.view().tasks[0]?.runs ?? 0) >= 2);
      await job.start();
      await eventually(() => seen.length > 0, 'it goes on');
      assert.ok((seen[0] ?? 0) >= 2);
      await job.stop();
    }
    await using job = await setting.open([{ ...often, run }]);
    assert.equal(job.view().status, 'stopped');
  });

  test('does what was due while the process was down, and what is done at each start', async () => {
    await using setting = await newSetting();
    const past = Date.now() - 3_600_000;
    const tasks = { late: { runs: 5, due: past }, early: { runs: 1, due: Date.now() + 500_000 } };
    await setting.write({ status: 'running', tasks, memory: {} });
    const done: string[] = [];
    const task = (name: string, atStart: boolean): JobTask => ({
      ...{ name, atStart, everySeconds: 1_000 },
      run: async () => void done.push(name),
    });
    await using job = await setting.open([task('late', false), task('early', false), task('new', true)]);
    await eventually(() => done.length >= 2, 'both are done');
    assert.deepEqual(done.toSorted(), ['late', 'new']);
    assert.equal(job.view().tasks[0]?.runs, 6);
  });

  test('has its state in the file once it is closed, however slow the disk is', async () => {
    await using setting = await newSetting();
    const file = new JobStateFile(setting.folder, 'counter');
    const slow = {
      read: () => file.read(),
      keep: async (state: JobState) => {
        await delay(50);
        await file.keep(state);
      },
    };
    const run = async ({ memory }: TaskRun) => void memory.set('seen', 7);
    const job = new Job({ tasks: [{ ...seldom, atStart: true, run }], file: slow, log: setting.log });
    await job.open();
    await eventually(() => job.view().tasks[0]?.runs === 1, 'it was done');
    await job.close();
    assert.deepEqual((await file.read())?.memory, { seen: 7 });
  });

  test('begins anew where its state can’t be understood', async () => {
    for (const text of [
      '{"status":"run',
      '[]',
      '{"status":"running","tasks":{"count":{"due":"soon"}},"memory":{}}',
    ]) {
      await using setting = await newSetting();
      await writeFile(path.join(setting.folder, 'counter.json'), text);
      await using job = await setting.open([{ ...seldom, run: async () => {} }]);
      assert.equal(job.view().status, 'running');
      assert.equal(job.view().tasks[0]?.runs, 0);
    }
  });
});

async function newSetting() {
  const folder = await temporaryFolder();
  const log = new JobLog(createLogger('silent'));
  return {
    folder: folder.path,
    log,
    async open(tasks: readonly JobTask[]) {
      const job = new Job({ tasks, file: new JobStateFile(folder.path, 'counter'), log });
      await job.open();
      return Object.assign(job, { [Symbol.asyncDispose]: () => job.close() });
    },
    write: (state: object) => writeFile(path.join(folder.path, 'counter.json'), JSON.stringify(state)),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

/** Ends only when it is told to. */
function endless(): { task: JobTask; begun: Promise<AbortSignal> } {
  const { promise: begun, resolve } = Promise.withResolvers<AbortSignal>();
  const run = async ({ signal }: TaskRun) => {
    resolve(signal);
    if (!signal.aborted) await once(signal, 'abort');
    signal.throwIfAborted();
  };
  return { task: { ...seldom, run }, begun };
}
