import { hiddenCharacters } from '../images/filename-characters.ts';

const maxBytes = 255;
const hidden = new RegExp(`[${hiddenCharacters}]`, 'g');

/**
 * The base name of what a client calls its file: no folders, no `hiddenCharacters`, at most 255 bytes of UTF-8; `image`
 * where nothing is left.
 */
export function cleanFilename(sent: string): string {
  const base = sent.split(/[/\\]/).at(-1) ?? '';
  const plain = base.replace(hidden, '').trim();
  const name = cutToBytes(plain.toWellFormed());
  return name === '' || name === '.' || name === '..' ? 'image' : name;
}

/** `Content-Disposition` of RFC 6266: plain ASCII for old clients, UTF-8 for all others. */
export function contentDisposition(filename: string): string {
  const ascii = filename.replace(/[^\x20-\x7e]|["\\%]/g, '_');
  const utf8 = encodeURIComponent(filename).replace(
    /['()*]/g,
    character => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `inline; filename="${ascii}"; filename*=UTF-8''${utf8}`;
}

function cutToBytes(name: string): string {
  if (Buffer.byteLength(name) <= maxBytes) return name;
  const cut = Buffer.from(name).subarray(0, maxBytes).toString();
  // A character cut in two decodes to U+FFFD at the end.
  return cut.replace(/\uFFFD+$/, '');
}
