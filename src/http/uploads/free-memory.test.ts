import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { freeMemory } from './free-memory.ts';

suite('freeMemory', () => {
  test('gives back the memory of a buffer', () => {
    const before = process.memoryUsage().arrayBuffers;
    const chunk = Buffer.alloc(10_000_000, 'x');
    freeMemory(chunk);
    assert.equal(chunk.length, 0);
    assert.ok(process.memoryUsage().arrayBuffers < before + 1_000_000);
  });

  test('leaves alone what shares its memory', () => {
    const [small, part] = [Buffer.from('from the pool'), Buffer.alloc(100_000, 'x').subarray(10)];
    freeMemory(small);
    freeMemory(part);
    assert.equal(small.toString(), 'from the pool');
    assert.equal(part.at(-1), 'x'.charCodeAt(0));
  });
});
