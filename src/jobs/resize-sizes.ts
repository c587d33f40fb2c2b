/** The images that a resize message asks for. `size` is how its users spell it, in keys and in the answer. */
export const resizeSizes = [
  { output: '50x50', size: '50x50', side: 50 },
  { output: '250x250', size: '250X250', side: 250 },
  { output: '800x800', size: '800x800', side: 800 },
] as const;

/** The fields of a resize message that name an image. */
export const resizeImageFields = ['image_url', 'itunes_image'] as const;
export type ResizeImageField = (typeof resizeImageFields)[number];

/** What the answer to a resize message needs beside what became of its images. */
export interface ResizeContext {
  readonly kind: 'resize';
  /** The message as it came in. */
  readonly message: string;
  /** What every address of an export begins with, without a slash at its end. */
  readonly exportsUrl: string;
  /** The folder of the exports in their bucket, with a slash at its end. */
  readonly folder: string;
}
