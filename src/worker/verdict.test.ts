import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ErrorCode } from '../errors/codes.ts';
import { TintypeError } from '../errors/tintype-error.ts';
import type { AttemptEnd, Claim } from '../jobs/attempt-store.ts';
import { verdict } from './verdict.ts';

const policy = { maxAttempts: 3, maxJobMs: 60_000, missingMs: 60_000 };
/** Of the database; this machine's clock is far from it. */
const now = Date.now() + 300_000;

/** @param counted attempts before this one that count */
function judge(code: ErrorCode, counted = 0, attempt = counted + 1): AttemptEnd {
  const job = { attempts: counted } as Claim['job'];
  const claim = { job, attempt, claimedAt: now, ranMs: 0 };
  return verdict(claim, new TintypeError(code, 'It failed.'), policy, now);
}

/** Its wait is between half and whole of this. */
function waits(end: AttemptEnd, counts: boolean, wholeMs: number): void {
  assert(end.result === 'requeued');
  assert.equal(end.counts, counts);
  assert.ok(end.delayMs >= wholeMs / 2 && end.delayMs <= wholeMs, `${end.delayMs}`);
}

test('an object that is missing is waited for in the first minute, uncounted, and then fails the job', () => {
  const missing = (startedAt: number) => {
    const job = { attempts: 0, startedAt } as Claim['job'];
    const claim = { job, attempt: 1, claimedAt: now, ranMs: 0 };
    return verdict(claim, new TintypeError('not-found', 'It is missing.'), policy, now);
  };
  waits(missing(now - 50_000), false, 1_000);
  assert.equal(missing(now - 60_001).result, 'failed');
});

test('a fault that is there to stay ends the job at once', () => {
  for (const code of [
    'corrupt-image',
    'not-an-image',
    'source-not-found',
    'render-timeout',
    'job-timeout',
  ] as const) {
    const end = judge(code);
    assert(end.result === 'failed');
    assert.deepEqual(end.failure, { code, message: 'It failed.' });
  }
});

test('a passing fault is tried again, after a wait that doubles, until the attempts are used up', () => {
  for (const code of ['source-unavailable', 'render-crashed', 'render-stalled', 'internal'] as const) {
    waits(judge(code, 0), true, 1_000);
    waits(judge(code, 1), true, 2_000);
    assert.equal(judge(code, 2).result, 'failed');
  }
});

test('a fault of our own stores counts nothing, however often it comes, and waits longer and longer', () => {
  waits(judge('storage-unavailable', 0, 1), false, 1_000);
  waits(judge('storage-unavailable', 2, 6), false, 8_000);
  waits(judge('storage-unavailable', 0, 100), false, 60_000);
});

test('work given back at shutdown starts again at once', () => {
  const end = judge('shutting-down');
  assert(end.result === 'requeued');
  assert.deepEqual([end.counts, end.delayMs], [false, 0]);
});
