import { TintypeError } from '../errors/tintype-error.ts';
import { parseColour } from './colour.ts';
import { longestSide } from './operations.ts';
import { extensions, type OutputFormat, type OutputInput, type OutputOptions } from './output-options.ts';

/** An output with its names: what the job keeps. */
export interface NamedOutput {
  readonly name: string;
  readonly filename: string;
  readonly options: OutputOptions;
}

const longestFilename = 255;

/** What a job without `outputs` makes: one thumbnail of 100×100. */
export function defaultOutputs(sourceFilename: string): NamedOutput[] {
  return nameOutputs([{ name: 'thumb', size: '100x100', fit: 'cover' }], sourceFilename);
}

/**
 * Gives every output a name and a file name, and checks what a schema can't say.
 * Throws `invalid-request` with the pointer (`/outputs/0/…`) of the field at fault.
 */
export function nameOutputs(outputs: readonly OutputInput[], sourceFilename: string): NamedOutput[] {
  const taken = new Set<string>();
  return outputs.map((output, index) => {
    const { name = `output${index + 1}`, filename, ...options } = output;
    checkOptions(options, `/outputs/${index}`);
    if (taken.has(name)) {
      throw new TintypeError('invalid-request', `Two outputs are named "${name}". Give each its own name.`, {
        pointer: `/outputs/${index}/name`,
      });
    }
    taken.add(name);
    return { name, filename: filename ?? defaultFilename(name, options, sourceFilename), options };
  });
}

function checkOptions(options: OutputOptions, pointer: string): void {
  const refuse = (field: string, message: string): never => {
    throw new TintypeError('invalid-request', message, { pointer: `${pointer}/${field}` });
  };
  if (options.size !== undefined) {
    if (options.width !== undefined || options.height !== undefined) {
      refuse('size', 'Give either "size" or "width" and "height", not both.');
    }
    if (options.size.split('x').some(side => Number(side) > longestSide)) {
      refuse('size', `A side of "size" is at most ${longestSide} pixels.`);
    }
  }
  if (typeof options.background === 'string' && parseColour(options.background) === undefined) {
    refuse('background', `"${options.background}" is no colour that CSS has a name for.`);
  }
}

function defaultFilename(name: string, options: OutputOptions, sourceFilename: string): string {
  const dot = sourceFilename.lastIndexOf('.');
  const hasExtension = dot > 0 && sourceFilename.length - dot <= 6;
  const stem = hasExtension ? sourceFilename.slice(0, dot) : sourceFilename;
  const extension = outputExtension(options, hasExtension ? sourceFilename.slice(dot + 1) : '');
  const suffix = extension === '' ? '' : `.${extension}`;
  return `${`${name}_${stem}`.slice(0, longestFilename - suffix.length).toWellFormed()}${suffix}`;
}

/** The source's extension, unless the output has another format than it says. */
function outputExtension(options: OutputOptions, sourceExtension: string): string {
  const written = sourceExtension.toLowerCase();
  if (options.format === undefined) return written === 'svg' ? 'png' : sourceExtension;
  const format: OutputFormat = options.format === 'jpg' ? 'jpeg' : options.format;
  return extensions[format].includes(written) ? sourceExtension : extensions[format][0];
}
