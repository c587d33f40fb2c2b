import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IntakeGate } from './intake-gate.ts';

function gateOver(queue: { jobs: number; counts: number; now: number }): IntakeGate {
  const queued = async (most: number) => {
    queue.counts += 1;
    return Math.min(most, queue.jobs);
  };
  return new IntakeGate({ queued }, 100, () => queue.now);
}

test('closes at 80 % of what may wait, and opens again below 70 %', async () => {
  const queue = { jobs: 79, counts: 0, now: 0 };
  const gate = gateOver(queue);
  const seen: boolean[] = [];
  for (const jobs of [79, 80, 75, 70, 69, 79, 100]) {
    queue.jobs = jobs;
    queue.now += 1_000;
    seen.push(await gate.isOpen());
  }
  assert.deepEqual(seen, [true, false, false, false, true, true, false]);
});

test('counts once a second at most, and knows what it let through since', async () => {
  const queue = { jobs: 0, counts: 0, now: 0 };
  const gate = gateOver(queue);
  assert.equal(await gate.isOpen(), true);
  gate.took(79);
  assert.equal(await gate.isOpen(), true);
  gate.took(1);
  assert.equal(await gate.isOpen(), false);
  assert.equal(queue.counts, 1);
  queue.now = 1_000;
  assert.equal(await gate.isOpen(), true);
  assert.equal(queue.counts, 2);
});
