import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shippedModels } from '../../test/support/models.ts';
import { checkExecutionProviders } from './check-execution-providers.ts';

const { models } = shippedModels;
const start = { maxBytes: 512 * 2 ** 20, libraryPaths: { CUDA_VISIBLE_DEVICES: '-1' } };

test('refuses execution providers that are not there, also where others are', async () => {
  for (const [executionProviders, reason] of [
    [['cuda', 'cpu'], /SR_EXECUTION_PROVIDERS is 'cuda,cpu', and .*: .{10,}/],
    [['abacus', 'cpu'], /ONNX Runtime has no "abacus" on this system/],
  ] as const) {
    await assert.rejects(checkExecutionProviders({ ...start, executionProviders }, models), {
      code: 'invalid-configuration',
      message: reason,
    });
  }
});

test('has nothing to say against the CPU', async () => {
  await checkExecutionProviders({ ...start, executionProviders: ['cpu'] }, models);
});
