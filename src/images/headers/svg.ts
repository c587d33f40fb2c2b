import type { ImageHeader } from '../image-header.ts';
import type { HeaderBytes } from './header-bytes.ts';

/** What may stand before the root element: white space, processing instructions, comments, a document type. */
const prologue = /^(?:\s|<\?[^>]*>|<!--[\s\S]*?-->|<!DOCTYPE(?:[^>[]|\[[^\]]*\])*>)/i;
const root = /^<(?:[A-Za-z_][\w.-]{0,63}:)?svg[\s/>]/;
/** Enough for generous comments and entity lists; keeps the look at a file that is no SVG short. */
const searched = 65_536;
const pixelsPerUnit: Readonly<Record<string, number>> = {
  '': 1,
  px: 1,
  pt: 4 / 3,
  pc: 16,
  in: 96,
  cm: 96 / 2.54,
  mm: 9.6 / 2.54,
};

export function isSvg(bytes: HeaderBytes): boolean {
  return rootElement(bytes) !== undefined;
}

/** A guess, good enough to plan with: what the renderer makes of style sheets and units, it says itself. */
export function readSvg(bytes: HeaderBytes): ImageHeader {
  const element = rootElement(bytes) ?? '';
  const box = attribute(element, 'viewBox')
    ?.trim()
    .split(/[\s,]+/)
    .map(Number);
  const width = pixels(attribute(element, 'width')) ?? pixels(String(box?.[2])) ?? 512;
  const height = pixels(attribute(element, 'height')) ?? pixels(String(box?.[3])) ?? 512;
  return { format: 'svg', width, height, pages: 1, channels: 4, bytesPerSample: 1, interlaced: false };
}

/** The root element's tag from `<svg` on, or undefined if this is no SVG. */
function rootElement(bytes: HeaderBytes): string | undefined {
  let text = decode(bytes);
  for (let match = prologue.exec(text); match; match = prologue.exec(text))
    text = text.slice(match[0].length);
  return root.test(text) ? text.slice(0, text.indexOf('>') + 1 || text.length) : undefined;
}

function decode(bytes: HeaderBytes): string {
  const raw = bytes.text(0, Math.min(bytes.length, searched));
  if (raw.startsWith('\xff\xfe')) return new TextDecoder('utf-16le').decode(Buffer.from(raw, 'latin1'));
  if (raw.startsWith('\xfe\xff')) return new TextDecoder('utf-16be').decode(Buffer.from(raw, 'latin1'));
  return raw.startsWith('\xef\xbb\xbf') ? raw.slice(3) : raw;
}

function attribute(element: string, name: string): string | undefined {
  return new RegExp(`\\s${name}\\s*=\\s*["']([^"']*)["']`).exec(element)?.[1];
}

function pixels(length: string | undefined): number | undefined {
  const match = /^\s*([0-9]{1,9}(?:\.[0-9]{1,9})?)\s*([a-z]{0,2})\s*$/.exec(length ?? '');
  const unit = pixelsPerUnit[match?.[2] ?? ''];
  const value = match && unit !== undefined ? Math.round(Number(match[1]) * unit) : 0;
  return value > 0 ? value : undefined;
}
