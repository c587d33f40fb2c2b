import type { GroupContext } from './group-context.ts';

/** The images that a resize message asks for. `size` is how its users spell it, in keys and in the answer. */
export const resizeSizes = [
  { output: '50x50', size: '50x50', side: 50 },
  { output: '250x250', size: '250X250', side: 250 },
  { output: '800x800', size: '800x800', side: 800 },
] as const;

/** The fields of a resize message that name an image. */
export const resizeImageFields = ['image_url', 'itunes_image'] as const;
export type ResizeImageField = (typeof resizeImageFields)[number];

/** What is to be known, beside what became of the images, to say where they are. */
export interface ResizeContext extends GroupContext {
  /** What every address of an export begins with, without a slash at its end. */
  readonly exportsUrl: string;
  /** The folder of the exports in their bucket, with a slash at its end. */
  readonly folder: string;
}

/** Of a group that a resize message asked for. */
export interface ResizeMessageContext extends ResizeContext {
  readonly kind: 'resize-message';
  /** The message as it came in. */
  readonly message: string;
}

/** Of a group that a document of MongoDB asked for. */
export interface ResizeDocumentContext extends ResizeContext {
  readonly kind: 'resize-document';
  /** The addresses that were in its fields. */
  readonly urls: Readonly<Partial<Record<ResizeImageField, string>>>;
}
