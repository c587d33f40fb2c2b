import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import type { ModelNetwork } from '../model-library.ts';
import { GraphBuilder } from '../onnx/graph-builder.ts';
import { encodeModel } from '../onnx/model.ts';
import { type Verification, verifyNetwork } from './verify-network.ts';

test('tells how far each file of a network is from the reference evaluation of its exact weights', async () => {
  await using folder = await temporaryFolder();
  const network = networkIn(folder.path);
  await writeFile(network.file, convolution(0.1));
  await writeFile(path.join(folder.path, 'int8.onnx'), convolution(0.11));
  const [exact, rounded] = await verified(network);
  assert.equal(exact?.precision, 'float32');
  assert.ok(exact.isRight && exact.levels > 0 && exact.levels < 0.001, `${exact.levels}`);
  assert.equal(rounded?.precision, 'int8');
  assert.ok(rounded.isRight && rounded.levels > 10 && rounded.levels < 100, `${rounded.levels}`);
});

test('finds wrong what gives no numbers, and can’t verify what is missing', async () => {
  await using folder = await temporaryFolder();
  const network = networkIn(folder.path);
  for (const name of ['float32', 'int8']) {
    await writeFile(path.join(folder.path, `${name}.onnx`), convolution(Number.NaN));
  }
  assert.deepEqual(
    (await verified(network)).map(({ isRight }) => isRight),
    [false, false],
  );
  await rm(network.file);
  await assert.rejects(verified(network), /no such file/);
});

function networkIn(folder: string): ModelNetwork {
  return {
    card: {
      name: 'psnr-small',
      scale: 2,
      source: 'imported',
      files: { float32: 'float32.onnx', int8: 'int8.onnx' },
      architecture: 'one convolution',
      parameters: 336,
      padding: 1,
      bytesPerPixel: 100,
    },
    file: path.join(folder, 'float32.onnx'),
    precision: 'float32',
  };
}

/** Of 3×3 from 3 to 12 channels; each weight is about as large. */
function convolution(weight: number): Uint8Array {
  const graph = new GraphBuilder();
  const weights = Float32Array.from({ length: 12 * 3 * 9 }, (_, index) => weight * (1 + (index % 7) / 10));
  const result = graph.convolution('only', 'image', {
    shape: [12, 3, 3, 3],
    weights,
    bias: new Float32Array(12),
  });
  return encodeModel(graph.model(result, 12));
}

async function verified(network: ModelNetwork): Promise<Verification[]> {
  const all: Verification[] = [];
  for await (const one of verifyNetwork(network)) all.push(one);
  return all;
}
