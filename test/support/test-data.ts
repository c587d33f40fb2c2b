import path from 'node:path';

/** What a line of a test file starts with that says what was left out; the test reporter shows these at the end. */
export const notTested = 'Not tested: ';

/**
 * A file or folder of the shared test data: images that are too large or too many for the repository. Undefined where
 * TINTYPE_TEST_DATA is not set, and `what` then stands at the end of the run among what was not tested. In CI (`CI`
 * set) it must be there.
 */
export function testData(what: string, ...segments: string[]): string | undefined {
  const root = process.env.TINTYPE_TEST_DATA;
  if (root) return path.join(root, ...segments);
  if (process.env.CI) throw new Error(`TINTYPE_TEST_DATA is not set, so ${what} can't be tested.`);
  console.log(`${notTested}${what} (TINTYPE_TEST_DATA is not set)`);
  return undefined;
}
