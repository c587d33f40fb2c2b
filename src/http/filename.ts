const maxBytes = 255;

/**
 * The base name of what a client calls its file: no folders, no control characters, none that turn the writing round, at most 255 bytes of UTF-8;
 * `image` where nothing is left.
 */
export function cleanFilename(sent: string): string {
  const base = sent.split(/[/\\]/).at(-1) ?? '';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what has to go
  const plain = base.replace(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g, '').trim();
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
