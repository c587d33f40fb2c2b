import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { concatenated } from '../import/join.ts';
import { GraphBuilder, type Kernel } from '../onnx/graph-builder.ts';
import type { OnnxModel } from '../onnx/model.ts';
import { evaluate } from '../onnx/reference.ts';
import { deadLeaves } from './dead-leaves.ts';
import { equalizeJoined } from './equalize-joined.ts';
import { int8Variant } from './int8-variant.ts';
import { nestJoins } from './layers.ts';
import { quantizedTensors } from './quantize-layers.ts';
import { tensorRanges } from './tensor-ranges.ts';

const side = 16;
const layers = new Set(['one', 'two', 'last']);

suite('Quantizing the layers of a network', () => {
  test('keeps what it makes', async () => {
    const { loss } = await int8Variant(denseNetwork(1), layers, 1);
    assert.ok(Math.abs(loss) < 0.1, `${loss} dB`);
  });

  test('keeps it where one of the joined tensors is a hundred times as small as another', async () => {
    const { loss } = await int8Variant(denseNetwork(0.01), layers, 1);
    assert.ok(Math.abs(loss) < 0.1, `${loss} dB`);
  });

  test('tells what is lost where one channel’s large values hide all others', async () => {
    const graph = new GraphBuilder();
    const [high, weights] = [1_000, Float32Array.from([1, 1, 1, 1, 1, 1])];
    const first = graph.convolution('first', 'image', {
      ...{ shape: [2, 3, 1, 1], weights },
      bias: Float32Array.of(0, high),
    });
    const nothing = graph.convolution('one', first, {
      shape: [3, 2, 1, 1],
      weights: Float32Array.of(1, -1, 1, -1, 1, -1),
      bias: new Float32Array(3).fill(high),
    });
    const { loss } = await int8Variant(
      graph.model(graph.add('sum', 'image', nothing), 3),
      new Set(['one']),
      1,
    );
    assert.ok(loss > 10, `${loss} dB`);
  });
});

suite('Equalizing what is joined', () => {
  test('makes ranges alike and changes no result', async () => {
    const network = denseNetwork(0.01);
    const { small } = deadLeaves(1, side, 1);
    const ranges = (model: OnnxModel) => tensorRanges(model, quantizedTensors(model, layers), [small], side);
    const before = await ranges(network);
    assert.ok((before.get('one.relu')?.most ?? 0) < 0.1 * (before.get('first')?.most ?? 0));
    const even = equalizeJoined(network, layers, before);
    const after = await ranges(even);
    for (const name of ['one.relu', 'two.relu']) {
      const ratio = (after.get(name)?.most ?? 0) / (after.get('first')?.most ?? 0);
      assert.ok(Math.abs(ratio - 1) < 1e-4, `${name} ranges ${ratio} times as far`);
    }
    assertSame(even, network);
  });
});

suite('Nesting joins', () => {
  test('joins anew only what comes last, and changes no result', () => {
    const network = denseNetwork(1);
    const nested = nestJoins(network);
    const joins = nested.graph.node.filter(({ opType }) => opType === 'Concat').map(({ input }) => input);
    assert.deepEqual(joins, [
      ['first', 'one.relu'],
      ['two.inputs', 'two.relu'],
    ]);
    assertSame(nested, network);
  });
});

suite('Drawn pictures', () => {
  test('are the same for the same seed, and their small size is the mean of their large one', () => {
    const { small, large } = deadLeaves(7, side, 2);
    assert.deepEqual(deadLeaves(7, side, 2).large, large);
    assert.notDeepEqual(deadLeaves(8, side, 2).large, large);
    const pixels = side ** 2;
    for (const index of [0, 100, 3 * pixels - 1]) {
      const [colour, pixel] = [Math.floor(index / pixels), index % pixels];
      const phases = [0, 1, 2, 3].map(phase => large[(colour * 4 + phase) * pixels + pixel] ?? 0);
      const mean = phases.reduce((sum, each) => sum + each, 0) / 4;
      assert.ok(Math.abs((small[index] ?? 0) - mean) < 1e-6);
    }
  });
});

/** An image plus what a dense block of eight channels makes of it. @param size of the weights before the first ReLU */
function denseNetwork(size: number): OnnxModel {
  const graph = new GraphBuilder();
  const first = graph.convolution('first', 'image', kernel(8, 3, 1));
  const one = graph.relu(concatenated(graph, 'one', [{ name: first, channels: 8 }], kernel(8, 8, 2, size)));
  const features = [first, one].map(name => ({ name, channels: 8 }));
  const second = graph.relu(concatenated(graph, 'two', features, kernel(8, 16, 3)));
  const all = [...features, { name: second, channels: 8 }];
  const block = concatenated(graph, 'last', all, kernel(3, 24, 4, 0.1));
  return graph.model(graph.add('sum', 'image', block), 3);
}

/** Weights that look random and are always the same. */
function kernel(outputs: number, inputs: number, seed: number, size = 1): Kernel {
  const value = (index: number) => (((index * 7_919 + seed * 104_729) % 1_009) / 1_009 - 0.5) * size;
  const weights = Float32Array.from({ length: outputs * inputs * 9 }, (_, index) => value(index) / inputs);
  const bias = Float32Array.from({ length: outputs }, (_, index) => value(index + 13) / 10);
  return { shape: [outputs, inputs, 3, 3], weights, bias };
}

function assertSame(one: OnnxModel, other: OnnxModel): void {
  const image = {
    channels: 3,
    height: side,
    width: side,
    values: Float64Array.from(deadLeaves(3, side, 1).small),
  };
  const [made, wanted] = [evaluate(one, image).values, evaluate(other, image).values];
  for (const [index, value] of wanted.entries())
    assert.ok(Math.abs(value - (made[index] ?? Number.NaN)) < 1e-5);
}
