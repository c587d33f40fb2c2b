import { Option } from 'commander';
import type { TSchema } from 'typebox';
import Value from 'typebox/value';
import { TintypeError } from '../errors/tintype-error.ts';
import { optionFields } from '../images/operations.ts';
import { defaultOutputs, type NamedOutput, nameOutputs } from '../images/output-names.ts';
import type { OutputInput, OutputOptions } from '../images/output-options.ts';
import { modelNames } from '../super-resolution/model-names.ts';
import { nearest, refusal } from './nearest.ts';

type Field = keyof typeof optionFields;

/** What a flag can't say well, or says already: `--size` stands for width and height. */
const withoutFlag: readonly Field[] = ['size', 'width', 'height', 'crop', 'watermark', 'upscale'];
/** On unless it is switched off, with `--no-auto-orient`; and what that does. */
const onByDefault: Partial<Record<Field, string>> = {
  autoOrient: 'Leave the image as it is stored, whatever its EXIF orientation says.',
};

/** What commander makes of the flags below. */
export type OutputFlags = { readonly size?: readonly string[] } & Pick<OutputOptions, 'upscale'> &
  Omit<OutputOptions, (typeof withoutFlag)[number]>;

/** One flag for each option of an output, from the same table as the API's. */
export function outputFlags(): Option[] {
  const fields = (Object.keys(optionFields) as Field[]).filter(field => !withoutFlag.includes(field));
  return [
    sizeFlag(),
    upscaleFlag(),
    ...fields.map(flag),
    sideFlag('width', '800x'),
    sideFlag('height', 'x800'),
  ];
}

/**
 * The outputs that the flags ask for: one for each size, all with the same options; without flags a thumbnail.
 * Without a size the image keeps its own, and its name. Throws `invalid-request`.
 */
export function requestedOutputs(flags: OutputFlags, sourceFilename: string): NamedOutput[] {
  const { size: sizes = [], ...rest } = flags;
  // Commander sets a `--no-…` flag to true where it was not given.
  const options: OutputInput = Object.fromEntries(
    Object.entries<unknown>(rest).filter(([field, value]) => !(value === true && field in onByDefault)),
  );
  if (sizes.length === 0 && Object.keys(options).length === 0) return defaultOutputs(sourceFilename);
  if (sizes.length === 0) return converted(options, sourceFilename);
  const name = (size: string): string => (sizes.length === 1 ? 'thumb' : size);
  return nameOutputs(
    sizes.map(size => ({ ...options, name: name(size), size })),
    sourceFilename,
  );
}

function converted(options: OutputInput, sourceFilename: string): NamedOutput[] {
  const name = 'image';
  return nameOutputs([{ ...options, name }], sourceFilename).map(output => ({
    ...output,
    filename: output.filename.slice(`${name}_`.length),
  }));
}

function sizeFlag(): Option {
  const schema = optionFields.size;
  return new Option('--size <size>', `${description(schema)} Several --size make several images.`).argParser<
    string[]
  >((text, earlier = []) => [...earlier, checked('--size', schema, text) as string]);
}

function upscaleFlag(): Option {
  const { model, scale } = optionFields.upscale.properties;
  return new Option(
    '--upscale <model>',
    `Enlarge by super-resolution, as much as --size needs, or 2 times (gans 4); MODEL:SCALE says how much. One of ${modelNames.join(', ')}.`,
  ).argParser(text => {
    const [name = '', factor] = text.split(':');
    return {
      model: checked('--upscale', model, name),
      ...(factor === undefined ? {} : { scale: checked('--upscale', scale, factor) }),
    };
  });
}

/** What somebody who knows the API may try. */
function sideFlag(side: 'width' | 'height', example: string): Option {
  return new Option(`--${side} <pixels>`).hideHelp().argParser(text => {
    const size = /^\d+$/.test(text) ? example.replace('800', text) : example;
    throw new TintypeError('invalid-request', `--${side} is not known here. Use --size ${size}`);
  });
}

function flag(field: Field): Option {
  const schema: TSchema = optionFields[field];
  const long = `--${field.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`;
  if (onByDefault[field] !== undefined) return new Option(long.replace('--', '--no-'), onByDefault[field]);
  if (isSwitch(schema) && alternativesOf(schema).length === 1) return new Option(long, description(schema));
  const value = isSwitch(schema) ? '[value]' : `<${field}>`;
  const words = wordsOf(schema);
  const about = words.length > 0 ? `${description(schema)} One of ${words.join(', ')}.` : description(schema);
  return new Option(`${long} ${value}`, about).argParser(text => checked(long, schema, text));
}

/** The text as the value that the schema asks for. */
function checked(long: string, schema: TSchema, text: string): unknown {
  const value = numberOf(schema) && text.trim() !== '' ? Number(text) : text;
  if (text === 'true' && isSwitch(schema)) return true;
  if (Value.Check(schema, value)) return value;
  throw refusal(`${long} ${text}`, accepted(schema), nearest(text, wordsOf(schema)));
}

function accepted(schema: TSchema): string {
  const words = wordsOf(schema);
  if (words.length > 0) return words.join(', ');
  const number = numberOf(schema);
  if (number === undefined) return description(schema);
  const range = `a${number.type === 'integer' ? ' whole' : ''} number from ${number.minimum} to ${number.maximum}`;
  return isSwitch(schema) ? `${range}, or no value as the last flag` : range;
}

interface PlainSchema {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly description?: string;
  readonly anyOf?: readonly PlainSchema[];
}

function alternativesOf(schema: TSchema): readonly PlainSchema[] {
  const plain = schema as PlainSchema;
  return plain.anyOf ?? [plain];
}

function isSwitch(schema: TSchema): boolean {
  return alternativesOf(schema).some(({ type }) => type === 'boolean');
}

/** The part of the schema that takes a number. */
function numberOf(schema: TSchema): PlainSchema | undefined {
  return alternativesOf(schema).find(({ type }) => type === 'number' || type === 'integer');
}

function wordsOf(schema: TSchema): readonly string[] {
  return (schema as PlainSchema).enum ?? [];
}

function description(schema: TSchema): string {
  return (schema as PlainSchema).description ?? '';
}
