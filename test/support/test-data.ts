/** What a line of a test file starts with that says what was left out; the test reporter shows these at the end. */
export const notTested = 'Not tested, because TINTYPE_TEST_DATA is not set: ';

/**
 * The folder of shared test data: images that are too large or too many for the repository. Undefined where
 * TINTYPE_TEST_DATA is not set; `what` then names at the end of the run what was not tested for it.
 */
export function testData(what: string): string | undefined {
  const folder = process.env.TINTYPE_TEST_DATA;
  if (!folder) console.log(`${notTested}${what}`);
  return folder || undefined;
}
