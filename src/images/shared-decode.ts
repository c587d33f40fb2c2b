import type { ImageHeader } from './image-header.ts';
import { framesOf } from './limits.ts';
import type { OutputOptions } from './output-options.ts';
import { type Size, scaleFor } from './output-size.ts';

/** A larger intermediate would cost more memory than it saves time. */
const intermediateBytes = 64 * 2 ** 20;

/** One decode for several outputs. */
export interface SharedDecode<Output> {
  readonly outputs: readonly Output[];
  /** The size of the upright intermediate. */
  readonly size: Size;
}

/**
 * Which outputs can be made from one decoded copy of the source, and how large that must be so that none of them is
 * enlarged. Left out are those that need the source itself: its metadata, its frames, its own pixels to crop or
 * rotate, or its stored orientation. Undefined when sharing would not pay. `upright` is the source's size as it is seen.
 */
export function planSharedDecode<Output extends { readonly options: OutputOptions }>(
  header: ImageHeader,
  upright: Size,
  outputs: readonly Output[],
): SharedDecode<Output> | undefined {
  const sharing = outputs.filter(({ options }) => canShare(header, options));
  if (sharing.length < 2) return undefined;
  const scale = Math.min(1, Math.max(...sharing.map(({ options }) => scaleFor(upright, options))));
  const size = {
    width: Math.max(1, Math.round(upright.width * scale)),
    height: Math.max(1, Math.round(upright.height * scale)),
  };
  if (size.width * size.height * 4 > intermediateBytes) return undefined;
  return { outputs: sharing, size };
}

function canShare(header: ImageHeader, options: OutputOptions): boolean {
  const needsSource = options.keepMetadata || options.crop || options.rotate || options.autoOrient === false;
  return !needsSource && framesOf(header, options) === 1;
}
