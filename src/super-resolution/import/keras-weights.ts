import h5wasm, { Dataset, type File, type Group } from 'h5wasm/node';
import { TintypeError } from '../../errors/tintype-error.ts';
import type { Kernel } from '../onnx/graph-builder.ts';

/** The convolutions of a Keras network by their names, in the file's order. */
export type KerasWeights = ReadonlyMap<string, Kernel>;

/**
 * Reads what Keras' `save_weights` wrote as HDF5, or `save`, which has the same under `model_weights`.
 * Throws `invalid-model` for a file of another kind.
 */
export async function readKerasWeights(path: string): Promise<KerasWeights> {
  const { activate_throwing_error_handler: throwErrors } = await h5wasm.ready;
  throwErrors();
  let file: File | undefined;
  try {
    file = new h5wasm.File(path, 'r');
    return readLayers(path, file);
  } catch (cause) {
    // The library throws plain errors, some of them not before something is read.
    if (cause instanceof TintypeError) throw cause;
    throw new TintypeError('invalid-model', `${path} is no HDF5 file that can be read.`, { cause });
  } finally {
    file?.close();
  }
}

function readLayers(path: string, file: File): KerasWeights {
  const whole = file.get('model_weights');
  const root: File | Group = isGroup(whole) ? whole : file;
  const layers = root.attrs.layer_names?.value;
  if (!Array.isArray(layers)) {
    throw new TintypeError('invalid-model', `${path} holds no weights of Keras: it names no layers.`);
  }
  return new Map(layers.flatMap(layer => readLayer(path, root, String(layer))));
}

/** A network within the network is one layer with the weights of many. */
function readLayer(path: string, root: File | Group, layer: string): [string, Kernel][] {
  const group = root.get(layer);
  const names = isGroup(group) ? group.attrs.weight_names?.value : undefined;
  if (!isGroup(group) || !Array.isArray(names)) return [];
  const parts = new Map<string, Map<string, Dataset>>();
  for (const name of names.map(String)) {
    const [part = '', of = layer] = name.split('/').reverse();
    const data = group.get(name);
    const found = parts.get(of) ?? new Map<string, Dataset>();
    if (data instanceof Dataset) parts.set(of, found.set(part.split(':')[0] ?? '', data));
  }
  return [...parts].map(([name, data]) => [name, readKernel(path, name, data)]);
}

function readKernel(path: string, layer: string, data: ReadonlyMap<string, Dataset>): Kernel {
  const [kernel, bias] = [data.get('kernel'), data.get('bias')];
  const [height, width, inputs, outputs] = kernel?.shape ?? [];
  const isConvolution = kernel?.shape?.length === 4 && bias?.shape?.length === 1 && bias.shape[0] === outputs;
  if (!kernel || !bias || !isConvolution || !height || !width || !inputs || !outputs) {
    throw new TintypeError('invalid-model', `In ${path} the layer "${layer}" is no convolution with a bias.`);
  }
  const weights = outputsFirst(floats(path, kernel), [height, width, inputs, outputs]);
  return { shape: [outputs, inputs, height, width], weights, bias: floats(path, bias) };
}

function floats(path: string, data: Dataset): Float32Array {
  if (data.value instanceof Float32Array) return data.value;
  throw new TintypeError('invalid-model', `In ${path} "${data.path}" is no float32.`);
}

/** Height, width, inputs, outputs → outputs, inputs, height, width. */
function outputsFirst(weights: Float32Array, shape: readonly [number, number, number, number]): Float32Array {
  const [height, width, inputs, outputs] = shape;
  const turned = new Float32Array(weights.length);
  let from = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let input = 0; input < inputs; input++) {
        for (let output = 0; output < outputs; output++) {
          turned[((output * inputs + input) * height + y) * width + x] = weights[from++] ?? 0;
        }
      }
    }
  }
  return turned;
}

function isGroup(entity: unknown): entity is Group {
  return entity !== null && typeof entity === 'object' && 'keys' in entity && 'attrs' in entity;
}
