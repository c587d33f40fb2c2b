import { notTested } from '../test-data.ts';

/**
 * A server that a suite needs, started. Where it can't be had, the suite fails if the run must test everything (`CI` or
 * TINTYPE_TEST_DATA set); elsewhere the result is undefined, and `what` stands at the end of the run among what was not
 * tested.
 */
export async function realServer<T>(what: string, start: () => Promise<T>): Promise<T | undefined> {
  try {
    return await start();
  } catch (error) {
    if (process.env.CI || process.env.TINTYPE_TEST_DATA) throw error;
    console.log(`${notTested}${what} (${error instanceof Error ? error.message.split('\n')[0] : error})`);
    return undefined;
  }
}
