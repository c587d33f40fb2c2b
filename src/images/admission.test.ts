import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Admission } from './admission.ts';

describe('Admission', () => {
  const never = new AbortController().signal;

  /** Asks to enter and writes down who came in. */
  function visitor(admission: Admission, log: string[], name: string, bytes: number, signal = never) {
    return admission.enter(bytes, signal).then(leave => {
      log.push(name);
      return leave;
    });
  }

  it('lets in by places and memory, in order: a large one is not overtaken', async () => {
    const admission = new Admission(3, 100);
    const log: string[] = [];
    const leaveFirst = await visitor(admission, log, 'first', 60);
    const large = visitor(admission, log, 'large', 90);
    const small = visitor(admission, log, 'small', 10);
    assert.deepEqual(log, ['first']);
    leaveFirst();
    const leaveLarge = await large;
    await small;
    assert.deepEqual(log, ['first', 'large', 'small']);
    leaveLarge();
  });

  it('lets in alone what needs more than there is', async () => {
    const admission = new Admission(2, 100);
    const leave = await admission.enter(1_000, never);
    const log: string[] = [];
    const next = visitor(admission, log, 'next', 1);
    assert.deepEqual(log, []);
    leave();
    await next;
  });

  it('forgets who gave up waiting', async () => {
    const admission = new Admission(1, 100);
    const leave = await admission.enter(1, never);
    const caller = new AbortController();
    const waiting = admission.enter(1, caller.signal);
    const after = admission.enter(1, never);
    caller.abort(new Error('gone'));
    await assert.rejects(waiting, /gone/);
    leave();
    await after;
  });
});
