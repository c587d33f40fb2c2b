import Type, { type Static } from 'typebox';
import { TintypeError } from '../../errors/tintype-error.ts';
import { outputSchema } from '../../images/output-options.ts';
import { modelNames } from '../../super-resolution/model-names.ts';
import type { JobRequest } from '../jobs/job-request.ts';

const { patchSize, batchSize, padding } = outputSchema.properties.upscale.properties;

export const magnifyQuery = Type.Object(
  {
    image_url: Type.String({
      pattern: '^[hH][tT][tT][pP][sS]?://',
      maxLength: 8192,
      description: 'an http or https address, of a host that MAGNIFY_ORIGINS names',
    }),
    model: Type.Optional(
      Type.Enum([...modelNames], {
        type: 'string',
        description: 'GET /models tells about each. Default noise-cancel.',
      }),
    ),
    by_patch_of_size: patchSize,
    batch_size: batchSize,
    padding_size: padding,
  },
  { additionalProperties: false },
);

/** Of the query's parameters, those that are numbers. */
export const magnifyNumbers = ['by_patch_of_size', 'batch_size', 'padding_size'];

export const magnifiedFilename = 'sharpened.jpg';

/** The job that a query stands for. Throws `invalid-request`, and `forbidden` for an image on another host. */
export function magnifyJob(query: Static<typeof magnifyQuery>, origins: readonly string[]): JobRequest {
  const { by_patch_of_size: patchSize, batch_size: batchSize, padding_size: padding } = query;
  checkOrigin(query.image_url, origins);
  const upscale = {
    model: query.model ?? ('noise-cancel' as const),
    ...(patchSize !== undefined && { patchSize }),
    ...(batchSize !== undefined && { batchSize }),
    ...(padding !== undefined && { padding }),
  };
  return {
    source: { url: query.image_url },
    outputs: [{ name: 'sharpened', filename: magnifiedFilename, format: 'jpeg', upscale }],
    // Somebody waits for it.
    priority: 'interactive',
  };
}

/** An origin without a scheme stands for both, and without a port for all. */
function checkOrigin(text: string, origins: readonly string[]): void {
  const pointer = '/image_url';
  const url = URL.parse(text);
  if (url === null || url.hostname === '') {
    const message = '/image_url is not a valid http or https address.';
    throw new TintypeError('invalid-request', message, { pointer });
  }
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  const names = [url.hostname, `${url.hostname}:${port}`, url.origin];
  if (names.some(name => origins.includes(name))) return;
  const message = `Images of ${url.host} are not taken here: MAGNIFY_ORIGINS does not name it.`;
  throw new TintypeError('forbidden', message, { pointer });
}
