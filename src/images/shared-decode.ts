import type { ImageHeader } from './image-header.ts';
import { framesOf } from './limits.ts';
import type { OutputOptions } from './output-options.ts';
import { type Size, scaleFor } from './output-size.ts';

/** A larger copy would cost more memory than it saves time. */
const copyBytes = 64 * 2 ** 20;

/** A decoded copy of the source that outputs are made from. */
export interface SharedCopy<Output> {
  /** Of the whole upright picture. */
  readonly size: Size;
  readonly outputs: readonly Output[];
}

/**
 * Which outputs can be made from decoded copies of the source: the first copy is decoded from it, as large as the
 * largest output needs; each further one is at most half as large and made from the one before. No output is made
 * from a copy smaller than itself. Left out are those that need the source itself: its metadata, its frames, its own
 * pixels to crop or rotate, or its stored orientation. Empty when sharing would not pay.
 * `upright` is the source's size as it is seen.
 */
export function planSharedDecode<Output extends { readonly options: OutputOptions }>(
  header: ImageHeader,
  upright: Size,
  outputs: readonly Output[],
): SharedCopy<Output>[] {
  const bySize = outputs
    .filter(({ options }) => canShare(header, options))
    .map(output => ({ output, scale: Math.min(1, scaleFor(upright, output.options)) }))
    .sort((one, other) => other.scale - one.scale);
  if (bySize.length < 2) return [];
  const copies: { scale: number; outputs: Output[] }[] = [];
  for (const [index, { output, scale }] of bySize.entries()) {
    const last = copies.at(-1);
    const isLastOutput = index === bySize.length - 1;
    if (!last || (scale <= last.scale / 2 && !isLastOutput)) copies.push({ scale, outputs: [output] });
    else last.outputs.push(output);
  }
  const plan = copies.map(copy => ({ size: scaled(upright, copy.scale), outputs: copy.outputs }));
  return plan[0] && plan[0].size.width * plan[0].size.height * 4 <= copyBytes ? plan : [];
}

function canShare(header: ImageHeader, options: OutputOptions): boolean {
  const needsSource = options.keepMetadata || options.crop || options.rotate || options.autoOrient === false;
  return !needsSource && framesOf(header, options) === 1;
}

function scaled(size: Size, scale: number): Size {
  return {
    width: Math.max(1, Math.round(size.width * scale)),
    height: Math.max(1, Math.round(size.height * scale)),
  };
}
