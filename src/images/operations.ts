import Type, { type TOptional, type TSchema } from 'typebox';
import { largestScale, modelNames } from '../super-resolution/model-names.ts';

/** The longest side of an output, in pixels: what WebP can hold, the least of all formats. */
export const longestSide = 16_383;

export const fits = ['cover', 'contain', 'fill', 'inside', 'outside'] as const;
export const gravities = [
  'centre',
  'center',
  'north',
  'northeast',
  'east',
  'southeast',
  'south',
  'southwest',
  'west',
  'northwest',
] as const;
const corners = [
  'top',
  'right top',
  'right',
  'right bottom',
  'bottom',
  'left bottom',
  'left',
  'left top',
] as const;
const strategies = ['entropy', 'attention'] as const;
/** `jpg` is another spelling of `jpeg`. */
export const formatNames = ['jpeg', 'jpg', 'png', 'webp', 'avif', 'gif', 'tiff'] as const;

interface Operation {
  readonly fields: Readonly<Record<string, TOptional<TSchema>>>;
}

/**
 * Everything that can be done to an image, in the order in which it is done. Validation, the OpenAPI page, the
 * command line's flags and the renderer's steps (`steps.ts`) all come from this table. Words and ranges are sharp's.
 */
export const operations = {
  frames: {
    fields: {
      animated: flag('Keep all frames of an animated GIF or WebP. Default false: the first frame.'),
    },
  },
  orient: {
    fields: {
      autoOrient: flag('Turn the image upright as its EXIF orientation says. Default true.'),
    },
  },
  rotate: {
    fields: {
      rotate: number(
        -360,
        360,
        'Degrees clockwise. Where it is no multiple of 90, the corners get the background.',
      ),
    },
  },
  crop: {
    fields: {
      crop: Type.Optional(
        Type.Object(
          {
            left: Type.Integer({ minimum: 0, maximum: 10_000_000 }),
            top: Type.Integer({ minimum: 0, maximum: 10_000_000 }),
            width: Type.Integer({ minimum: 1, maximum: 10_000_000 }),
            height: Type.Integer({ minimum: 1, maximum: 10_000_000 }),
          },
          {
            additionalProperties: false,
            description:
              'The part of the source to use, in its pixels, once it is upright and rotated. It must lie inside the image.',
          },
        ),
      ),
    },
  },
  upscale: {
    fields: {
      upscale: Type.Optional(
        Type.Object(
          {
            model: Type.Enum([...modelNames], {
              type: 'string',
              description: 'The super-resolution model; GET /models tells about each.',
            }),
            scale: number(
              1,
              largestScale,
              'How many times each side is enlarged. Default: what the asked size needs; without a size 4 for gans, otherwise 2.',
            ),
            patchSize: integer(8, 2048, 'Tiles of at most so many pixels are enlarged at a time.'),
            padding: integer(
              0,
              256,
              'So many pixels of its neighbours are seen beside each tile; few make seams.',
            ),
            batchSize: integer(1, 64, 'At most so many tiles are enlarged in one go.'),
          },
          {
            additionalProperties: false,
            description:
              'Enlarge by a neural network, before the image is resized to a size that was asked for. The last three are for who knows the model: left out, the image has no seams.',
          },
        ),
      ),
    },
  },
  resize: {
    fields: {
      size: Type.Optional(
        Type.String({
          pattern: '^([1-9][0-9]{0,4}x([1-9][0-9]{0,4})?|x[1-9][0-9]{0,4})$',
          description: `Width x height in pixels, such as 100x100; 100x and x100 leave one side to the shape of the image. Each 1 to ${longestSide}.`,
        }),
      ),
      width: side('Width in pixels; instead of size.'),
      height: side('Height in pixels; instead of size.'),
      fit: choice(
        fits,
        'How the image fills width and height: cover crops, contain adds background, fill stretches, inside and outside keep the shape. Default cover.',
      ),
      position: choice(
        [...gravities, ...corners, ...strategies],
        'What stays when fit is cover, or where the image lies when fit is contain. Default centre.',
      ),
      withoutEnlargement: flag('Never make the image larger than it is. Default false.'),
    },
  },
  mirror: {
    fields: {
      flip: flag('Mirror the resized image top to bottom. Default false.'),
      flop: flag('Mirror the resized image left to right. Default false.'),
    },
  },
  grayscale: { fields: { grayscale: flag('Drop the colours. Default false.') } },
  blur: {
    fields: {
      blur: Type.Optional(
        Type.Union([Type.Boolean(), Type.Number({ minimum: 0.3, maximum: 1000 })], {
          description: "The Gauss kernel's sigma in pixels, 0.3 to 1000, or true for a fast, mild blur.",
        }),
      ),
    },
  },
  sharpen: {
    fields: {
      sharpen: Type.Optional(
        Type.Union([Type.Boolean(), Type.Number({ minimum: 0.000001, maximum: 10 })], {
          description: "The Gauss mask's sigma in pixels, up to 10, or true for a fast, mild sharpening.",
        }),
      ),
    },
  },
  watermark: {
    fields: {
      watermark: Type.Optional(
        Type.Object(
          {
            object: Type.String({
              minLength: 1,
              maxLength: 1024,
              description: "The image's key in the store.",
            }),
            position: choice(gravities, 'Where on the output it lies. Default southeast.'),
            opacity: number(0, 1, '0 is invisible, 1 as the image is. Default 1.'),
          },
          {
            additionalProperties: false,
            description: 'An image laid over the output, made smaller where it would not fit.',
          },
        ),
      ),
    },
  },
  background: {
    fields: {
      background: Type.Optional(
        Type.Union(
          [
            Type.String({
              pattern: '^(#([0-9a-fA-F]{3,4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})|[a-zA-Z]{1,32})$',
            }),
            Type.Object(
              {
                r: channel(),
                g: channel(),
                b: channel(),
                alpha: number(0, 1, '0 is clear, 1 opaque. Default 1.'),
              },
              { additionalProperties: false },
            ),
          ],
          {
            description:
              'The colour behind the image, as #rgb, #rgba, #rrggbb, #rrggbbaa, a CSS name or {r, g, b, alpha}. An opaque one also fills what is transparent. Default: transparent; for JPEG white.',
          },
        ),
      ),
    },
  },
  metadata: {
    fields: {
      keepMetadata: flag(
        'Keep EXIF, XMP and IPTC. Default false: the image tells nothing but its pixels. The colours become sRGB either way.',
      ),
    },
  },
  encode: {
    fields: {
      format: choice(formatNames, "The output's format. Default: the source's; png for SVG."),
      quality: Type.Optional(
        Type.Integer({
          minimum: 1,
          maximum: 100,
          description: 'Default 80, AVIF 50. PNG gets fewer colours below 100; GIF and TIFF take no notice.',
        }),
      ),
    },
  },
} as const satisfies Record<string, Operation>;

export type OperationName = keyof typeof operations;

type Intersection<Union> = (Union extends unknown ? (part: Union) => void : never) extends (
  whole: infer Whole,
) => void
  ? { [Key in keyof Whole]: Whole[Key] }
  : never;

/** The fields of all operations, in the table's order. */
export const optionFields = Object.assign(
  {},
  ...Object.values(operations).map(operation => operation.fields),
) as Intersection<(typeof operations)[OperationName]['fields']>;

function flag(description: string) {
  return Type.Optional(Type.Boolean({ description }));
}

function number(minimum: number, maximum: number, description: string) {
  return Type.Optional(Type.Number({ minimum, maximum, description }));
}

function integer(minimum: number, maximum: number, description: string) {
  return Type.Optional(Type.Integer({ minimum, maximum, description }));
}

function side(description: string) {
  return integer(1, longestSide, description);
}

function channel() {
  return Type.Integer({ minimum: 0, maximum: 255 });
}

function choice<const Values extends string[]>(values: readonly [...Values], description: string) {
  return Type.Optional(Type.Enum([...values] as [...Values], { type: 'string', description }));
}
