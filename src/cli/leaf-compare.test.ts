import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tintype } from '../../test/support/program.ts';

test('the comparison of leaf images refuses sizes that it can’t compare', async () => {
  const wrong = [
    ['--duration', '7m', /--duration is '7m'; accepted: a multiple of 10m/],
    ['--records', '100,many', /--records is '100,many'; accepted: numbers from 6/],
    ['--records', '10.5', /--records is '10.5'; accepted: whole numbers/],
    ['--scale', '0', /--scale is '0'/],
  ] as const;
  for (const [flag, value, message] of wrong) {
    const { code, stderr } = await tintype(['leaf', 'compare', flag, value]);
    assert.equal(code, 2, stderr);
    assert.match(stderr, message);
  }
});
