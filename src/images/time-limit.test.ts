import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { processorMs } from '../program/processor-time.ts';
import { limitTime, type TimeUp } from './time-limit.ts';

const ms = 300;
const idle = "process.stdout.write('x'); setInterval(() => {}, 1_000_000);";

test('a process that uses up its processor time is told from one that hangs', async () => {
  using busy = await started("process.stdout.write('x'); for (;;);");
  using hung = await started(idle);
  assert.deepEqual(await Promise.all([timeUp(busy), timeUp(hung)]), ['timeout', 'stalled']);
});

test('what a process used before is not counted', async () => {
  using child = await started(`while (process.cpuUsage().user < ${2 * ms * 1_000}); ${idle}`);
  assert.ok((processorMs(child.process.pid ?? 0) ?? 0) > ms);
  assert.equal(await timeUp(child), 'stalled');
});

test('where processor time can’t be told, elapsed time is the limit', async () => {
  const start = performance.now();
  const reason = await new Promise<TimeUp>(resolve => limitTime(() => undefined, ms, resolve));
  assert.equal(reason, 'timeout');
  assert.ok(performance.now() - start > ms);
});

function timeUp({ process: { pid = 0 } }: { process: ChildProcess }): Promise<TimeUp> {
  return new Promise(resolve => limitTime(() => processorMs(pid), ms, resolve));
}

/** Once it has written something. */
async function started(script: string): Promise<Disposable & { process: ChildProcess }> {
  const process = spawn(globalThis.process.execPath, ['-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(process.stdout, 'data');
  return { process, [Symbol.dispose]: () => process.kill('SIGKILL') };
}
