import Type, { type Static } from 'typebox';
import { hiddenCharacters } from './filename-characters.ts';
import type { SourceFormat } from './image-header.ts';
import { type formatNames, optionFields } from './operations.ts';

/** The options of one output: what is to be done to the image. Everything may be left out. */
export const optionsSchema = Type.Object(optionFields, { additionalProperties: false });
export type OutputOptions = Static<typeof optionsSchema>;

/** One output as it stands in a request. */
export const outputSchema = Type.Object(
  {
    name: Type.Optional(
      Type.String({
        pattern: '^[a-z0-9][a-z0-9_-]{0,63}$',
        description:
          'Unique within the job; part of its address. 1 to 64 of a-z, 0-9, _ and -, a letter or digit first. Default output1, output2, …',
      }),
    ),
    filename: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 255,
        pattern: String.raw`^(?!\.{1,2}$)[^/\\${hiddenCharacters}]+$`,
        description:
          'The name for downloads, without slashes and control characters. Default: the output’s name, an underscore, the name of the source.',
      }),
    ),
    ...optionFields,
  },
  { additionalProperties: false, title: 'Output' },
);
export type OutputInput = Static<typeof outputSchema>;

/** The outputs of one job as they stand in a request. Check what passed it with `nameOutputs` as well. */
export const outputsSchema = Type.Array(outputSchema, { minItems: 1, maxItems: 20 });

export type OutputFormat = Exclude<(typeof formatNames)[number], 'jpg'>;

export const contentTypes: Readonly<Record<OutputFormat, string>> = {
  jpeg: 'image/jpeg',
  png: 'image/png',
  webp: 'image/webp',
  avif: 'image/avif',
  gif: 'image/gif',
  tiff: 'image/tiff',
};

/** The endings of file names that mean a format, without the dot; the first is the one we give. */
export const extensions: Readonly<Record<OutputFormat, readonly [string, ...string[]]>> = {
  jpeg: ['jpg', 'jpeg', 'jpe', 'jfif'],
  png: ['png'],
  webp: ['webp'],
  avif: ['avif'],
  gif: ['gif'],
  tiff: ['tiff', 'tif'],
};

/** The format an output gets: the one that was asked for, else the source's, and PNG for an SVG. */
export function outputFormat(options: Pick<OutputOptions, 'format'>, source: SourceFormat): OutputFormat {
  if (options.format === 'jpg') return 'jpeg';
  return options.format ?? (source === 'svg' ? 'png' : source);
}
