import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TintypeError } from '../../errors/tintype-error.ts';
import { CallBatches } from './call-batches.ts';

const ready = Promise.resolve();

/** Answers words in capitals, and remembers which ones came together. */
function upperCase(refuse: (words: readonly string[]) => Promise<void> = () => ready, waitMs = 60_000) {
  const batches: string[][] = [];
  const run = async (words: readonly string[]) => {
    batches.push([...words]);
    await refuse(words);
    return words.map(word => word.toUpperCase());
  };
  return { batches, words: new CallBatches<string, string>(run, word => word, waitMs) };
}

describe('calls in batches', () => {
  it('go together with those that came at the same time or while others were written', async () => {
    const first = Promise.withResolvers<void>();
    const { batches, words } = upperCase(() => first.promise);
    const early = [words.call('a'), words.call('b')];
    await new Promise(setImmediate);
    const late = [words.call('c'), words.call('d')];
    first.resolve();
    assert.deepEqual(await Promise.all([...early, ...late]), ['A', 'B', 'C', 'D']);
    assert.deepEqual(batches, [
      ['a', 'b'],
      ['c', 'd'],
    ]);
  });

  it('go one after the other when they are about the same', async () => {
    const { batches, words } = upperCase();
    await Promise.all(['a', 'b', 'a', 'a'].map(word => words.call(word)));
    assert.deepEqual(batches, [['a', 'b'], ['a'], ['a']]);
  });

  it('are at most 64 together', async () => {
    const { batches, words } = upperCase();
    await Promise.all(Array.from({ length: 100 }, (_, index) => words.call(`${index}`)));
    assert.deepEqual(
      batches.map(batch => batch.length),
      [64, 36],
    );
  });

  it('are done each alone when one of them fails, and that one alone fails', async () => {
    const { batches, words } = upperCase(async given => {
      if (given.includes('bad')) throw new TintypeError('not-found', 'There is no such thing.');
    });
    const answers = await Promise.allSettled(['a', 'bad', 'b'].map(word => words.call(word)));
    assert.deepEqual(
      answers.map(answer => (answer.status === 'fulfilled' ? answer.value : answer.reason.code)),
      ['A', 'not-found', 'B'],
    );
    assert.deepEqual(batches, [['a', 'bad', 'b'], ['a'], ['bad'], ['b']]);
    assert.equal(await words.call('c'), 'C');
  });

  it('all fail at once when the job store is away', async () => {
    const { batches, words } = upperCase(async () => {
      throw new TintypeError('storage-unavailable', 'Not now.');
    });
    const answers = await Promise.allSettled(['a', 'b'].map(word => words.call(word)));
    for (const answer of answers) assert.equal(answer.status, 'rejected');
    assert.equal(batches.length, 1);
  });

  it('fail as if the job store were away when those before them take too long, and are not done later', async () => {
    const answered = Promise.withResolvers<void>();
    const { batches, words } = upperCase(() => answered.promise, 20);
    const silent = words.call('a');
    await new Promise(setImmediate);
    await assert.rejects(words.call('b'), { code: 'storage-unavailable' });
    answered.resolve();
    assert.equal(await silent, 'A');
    assert.equal(await words.call('c'), 'C');
    assert.deepEqual(batches, [['a'], ['c']]);
  });
});
