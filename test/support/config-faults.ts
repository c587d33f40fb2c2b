import assert from 'node:assert/strict';
import { type Environment, readConfig } from '../../src/config/config.ts';
import { TintypeError } from '../../src/errors/tintype-error.ts';

/** What is wrong with an environment, a line each. */
export function faultsOf(env: Environment, read: (env: Environment) => unknown = readConfig): string[] {
  try {
    read(env);
    return [];
  } catch (error) {
    assert(error instanceof TintypeError);
    assert.equal(error.code, 'invalid-configuration');
    return error.message
      .split('\n')
      .slice(1)
      .map(line => line.trim());
  }
}
