import { Option } from 'commander';
import type { TSchema } from 'typebox';
import Value from 'typebox/value';
import { optionFields } from '../images/operations.ts';
import type { NamedOutput } from '../images/output-names.ts';
import {
  defaultOutputs,
  nameOutputs,
  type OutputInput,
  type OutputOptions,
} from '../images/output-options.ts';
import { nearest, refusal } from './nearest.ts';

type Field = keyof typeof optionFields;

/** What a flag can't say well, or says already: `--size` stands for width and height. */
const withoutFlag: readonly Field[] = ['size', 'width', 'height', 'crop', 'watermark'];
/** On unless it is switched off: `--no-auto-orient`. */
const onByDefault: readonly Field[] = ['autoOrient'];

/** What commander makes of the flags below. */
export type OutputFlags = { readonly size?: readonly string[] } & Omit<
  OutputOptions,
  (typeof withoutFlag)[number]
>;

/** One flag for each option of an output, from the same table as the API's. */
export function outputFlags(): Option[] {
  const fields = (Object.keys(optionFields) as Field[]).filter(field => !withoutFlag.includes(field));
  return [sizeFlag(), ...fields.map(flag)];
}

/**
 * The outputs that the flags ask for: one for each size, all with the same options; without flags a thumbnail.
 * Without a size the image keeps its own, and its name. Throws `invalid-request`.
 */
export function requestedOutputs(flags: OutputFlags, sourceFilename: string): NamedOutput[] {
  const { size: sizes = [], ...rest } = flags;
  // Commander sets a `--no-…` flag to true where it was not given.
  const options: OutputInput = Object.fromEntries(
    Object.entries(rest).filter(
      ([field, value]) => !(value === true && onByDefault.includes(field as Field)),
    ),
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

function flag(field: Field): Option {
  const schema: TSchema = optionFields[field];
  const long = `--${field.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`;
  if (onByDefault.includes(field)) {
    return new Option(long.replace('--', '--no-'), `Not: ${description(schema)}`);
  }
  const alternatives = alternativesOf(schema);
  const isSwitch = alternatives.some(({ type }) => type === 'boolean');
  if (isSwitch && alternatives.length === 1) return new Option(long, description(schema));
  const value = isSwitch ? '[value]' : '<value>';
  return new Option(`${long} ${value}`, description(schema)).argParser(text => checked(long, schema, text));
}

/** The text as the value that the schema asks for. */
function checked(long: string, schema: TSchema, text: string): unknown {
  const isNumeric = alternativesOf(schema).some(({ type }) => type === 'number' || type === 'integer');
  const value = isNumeric && text.trim() !== '' ? Number(text) : text;
  if (Value.Check(schema, value)) return value;
  const words = wordsOf(schema);
  throw refusal(`${long} ${text}`, words.join(', ') || description(schema), nearest(text, words));
}

interface PlainSchema {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly description?: string;
  readonly anyOf?: readonly PlainSchema[];
}

function alternativesOf(schema: TSchema): readonly PlainSchema[] {
  const plain = schema as PlainSchema;
  return plain.anyOf ?? [plain];
}

function wordsOf(schema: TSchema): readonly string[] {
  return (schema as PlainSchema).enum ?? [];
}

function description(schema: TSchema): string {
  return (schema as PlainSchema).description ?? '';
}
