import path from 'node:path';

/**
 * A file or folder of the shared test data, which the variable TINTYPE_TEST_DATA points to; undefined where it is
 * not set, and then a suite says what it did not test. In CI (`CI` set) it must be there.
 */
export function testData(...segments: string[]): string | undefined {
  const root = process.env.TINTYPE_TEST_DATA;
  if (root) return path.join(root, ...segments);
  if (process.env.CI)
    throw new Error(`TINTYPE_TEST_DATA is not set; ${segments.join('/')} is needed from it.`);
  return undefined;
}
