import { TintypeError } from '../../errors/tintype-error.ts';
import type { ByteRange } from '../../jobs/object-store.ts';

/**
 * The range that a `Range` header asks for (RFC 9110, section 14.2), or undefined for all of it: also for units and
 * forms that we do not serve, such as several ranges at once, which a server may ignore.
 * Throws `range-not-satisfiable` for one that begins behind the end.
 */
export function byteRange(header: string | undefined, size: number): ByteRange | undefined {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/i.exec(header ?? '') ?? [];
  if (first === '' && last === '') return undefined;
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (first !== '' && last !== '' && Number(last) < Number(first)) return undefined;
  if (start >= size) {
    throw new TintypeError(
      'range-not-satisfiable',
      `The image has ${size} bytes; the range begins behind them.`,
    );
  }
  return { start, end };
}
