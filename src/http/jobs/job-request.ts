import Type, { type Static } from 'typebox';
import { TintypeError } from '../../errors/tintype-error.ts';
import { defaultOutputs, nameOutputs } from '../../images/output-names.ts';
import { outputsSchema } from '../../images/output-options.ts';
import { type NewJob, priorities, type Source } from '../../jobs/job.ts';
import type { ObjectStore } from '../../jobs/object-store.ts';
import type { PartialUploadStore } from '../../jobs/partial-upload-store.ts';
import { parseRetention, retentionAccepts, retentionPattern } from '../../jobs/retention.ts';
import { cleanFilename } from '../filename.ts';
import { isDeeper } from '../json-depth.ts';
import { timeValue } from '../time-value.ts';
import { jobWebhooks, jobWebhooksSchema, type WebhookChecks } from '../webhooks/webhook-request.ts';

const maxMetadataBytes = 16_384;
/** Far more than anybody needs; thousands would exhaust the stack of whoever writes them as JSON. */
const maxMetadataDepth = 64;

const jobFields = {
  outputs: Type.Optional(outputsSchema),
  priority: Type.Optional(
    Type.Enum([...priorities], { type: 'string', description: 'What starts first. Default normal.' }),
  ),
  class: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 64,
      // What not every database can hold: control characters, halves of surrogate pairs.
      pattern: '^[^\\p{Cc}\\p{Cs}]*$',
      description: 'A label of your own, for filters and statistics, without control characters.',
    }),
  ),
  notBefore: Type.Optional(
    Type.String({ format: 'date-time', description: 'An ISO 8601 time; the job does not start before it.' }),
  ),
  webhooks: Type.Optional(jobWebhooksSchema),
  retention: Type.Optional(
    Type.String({
      pattern: retentionPattern,
      description: `How long its images are kept after its end: ${retentionAccepts}.`,
    }),
  ),
  metadata: Type.Optional(
    Type.Record(Type.String(), Type.Unknown(), {
      description: `Comes back with the job, untouched. At most ${maxMetadataBytes} bytes of JSON, ${maxMetadataDepth} levels deep.`,
    }),
  ),
};

/** The part `job` of a multipart request: everything but the source. */
export const uploadedJobSchema = Type.Object(jobFields, {
  additionalProperties: false,
  title: 'UploadedJob',
});

export const jobRequestSchema = Type.Object(
  {
    source: Type.Object(
      {
        url: Type.Optional(
          Type.String({
            pattern: '^[hH][tT][tT][pP][sS]?://',
            maxLength: 8192,
            description: 'an http or https address; it is fetched after the answer',
          }),
        ),
        upload: Type.Optional(
          Type.String({ minLength: 1, maxLength: 64, description: 'the id of an upload of POST /uploads' }),
        ),
        object: Type.Optional(
          Type.String({
            minLength: 1,
            maxLength: 1024,
            description: 'a key in the object store, under imports/<owner>/ or shared/',
          }),
        ),
      },
      {
        additionalProperties: false,
        minProperties: 1,
        maxProperties: 1,
        description: 'Either {"url"}, {"upload"} or {"object"}: where the original is.',
      },
    ),
    ...jobFields,
  },
  { additionalProperties: false, title: 'JobRequest' },
);

export type UploadedJob = Static<typeof uploadedJobSchema>;
export type JobRequest = Static<typeof jobRequestSchema>;

/**
 * A request that fits its schema as a job of this owner.
 * Throws `invalid-request` or `not-found` with a pointer for what a schema can't say.
 */
export async function newJob(
  request: UploadedJob,
  source: Source,
  owner: string,
  { objects, ...checks }: { objects: ObjectStore } & WebhookChecks,
): Promise<Omit<NewJob, 'id'>> {
  const { outputs, priority = 'normal', class: label, notBefore, retention, metadata, webhooks } = request;
  if (metadata !== undefined) checkMetadata(metadata);
  const named =
    outputs === undefined ? defaultOutputs(source.filename) : nameOutputs(outputs, source.filename);
  for (const [index, { options }] of named.entries()) {
    if (options.watermark === undefined) continue;
    await requireObject(options.watermark.object, owner, objects, `/outputs/${index}/watermark/object`);
  }
  return {
    owner,
    source,
    outputs: named,
    priority,
    ...(label !== undefined && { class: label }),
    ...(metadata !== undefined && { metadata }),
    ...(notBefore !== undefined && { notBefore: timeValue(notBefore, '/notBefore') }),
    ...(webhooks !== undefined && { webhooks: jobWebhooks(webhooks, checks) }),
    ...(retention !== undefined && { retentionMs: retentionValue(retention) }),
  };
}

/**
 * An upload as the source. Throws `not-found` for one that is not there or another owner's, `upload-incomplete` for one
 * of which bytes are missing.
 */
export async function requestedUpload(
  id: string,
  owner: string,
  uploads: PartialUploadStore,
): Promise<Source> {
  const pointer = '/source/upload';
  const found = await uploads.find(id, owner);
  if (found === undefined) throw new TintypeError('not-found', 'There is no such upload.', { pointer });
  if (found.state === 'whole') return { upload: id, filename: found.filename };
  const message = `The upload is not complete: ${found.received} of ${found.bytes} bytes have come.`;
  throw new TintypeError('upload-incomplete', message, { pointer });
}

/** Where the original is. Throws `not-found` for an object that this owner may not name or that is not there. */
export async function requestedSource(
  source: JobRequest['source'],
  owner: string,
  objects: ObjectStore,
): Promise<Source> {
  if (source.object !== undefined) {
    await requireObject(source.object, owner, objects, '/source/object');
    return { object: source.object, filename: cleanFilename(source.object) };
  }
  const url = URL.parse(source.url ?? '');
  if (url === null || url.hostname === '') {
    throw new TintypeError('invalid-request', '/source/url is not a valid http or https address.', {
      pointer: '/source/url',
    });
  }
  return { url: url.href, filename: cleanFilename(decodedPath(url)) };
}

function retentionValue(text: string): number {
  const ms = parseRetention(text);
  if (ms !== undefined) return ms;
  throw new TintypeError('invalid-request', `/retention is '${text}'; accepted: ${retentionAccepts}.`, {
    pointer: '/retention',
  });
}

function checkMetadata(metadata: object): void {
  if (isDeeper(metadata, maxMetadataDepth)) {
    throw new TintypeError('invalid-request', `/metadata is more than ${maxMetadataDepth} levels deep.`, {
      pointer: '/metadata',
    });
  }
  if (Buffer.byteLength(JSON.stringify(metadata)) <= maxMetadataBytes) return;
  throw new TintypeError('invalid-request', `/metadata is larger than ${maxMetadataBytes} bytes of JSON.`, {
    pointer: '/metadata',
  });
}

/** Other owners' objects and our own results look as if they did not exist. */
async function requireObject(
  key: string,
  owner: string,
  objects: ObjectStore,
  pointer: string,
): Promise<void> {
  const allowed = key.startsWith(`imports/${owner}/`) || key.startsWith('shared/');
  if (allowed && (await sizeOrNothing(key, objects)) !== undefined) return;
  throw new TintypeError(
    'not-found',
    `${pointer}: there is no such object under imports/${owner}/ or shared/.`,
    {
      pointer,
    },
  );
}

/** A key that the store can't have, such as one with `..` in it, is a key of nothing. */
async function sizeOrNothing(key: string, objects: ObjectStore): Promise<number | undefined> {
  try {
    return await objects.size(key);
  } catch (error) {
    if (error instanceof TintypeError && error.code === 'not-found') return undefined;
    throw error;
  }
}

function decodedPath(url: URL): string {
  try {
    return decodeURIComponent(url.pathname);
  } catch {
    return url.pathname;
  }
}
