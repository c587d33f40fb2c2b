import { TintypeError } from '../../errors/tintype-error.ts';

const maxPartHeaderBytes = 16_384;
/** Before a part; a chunk of the request more may be read. */
const maxIgnoredBytes = 16_384;
/** RFC 2046, section 5.1.1. */
const maxBoundaryLength = 70;

const nothing = Buffer.alloc(0);

export interface PartHeader {
  readonly name: string;
  /** There for files, as the client wrote it. */
  readonly filename?: string;
}

/**
 * Reads a multipart/form-data body (RFC 7578) part after part, as it arrives. It holds one chunk of the request and
 * searches it with the runtime's own search (docs/decisions/001-own-multipart-reader.md).
 * Ask for a part, read its content to the end, ask for the next; close it in the end.
 */
export class MultipartReader {
  readonly #chunks: AsyncIterator<Buffer>;
  readonly #maxBytes: number;
  readonly #delimiter: Buffer;
  /** What was received and not yet taken. */
  #rest: Buffer = nothing;
  #received = 0;

  /** `contentType` is the request's header. Throws `invalid-request` if it names no boundary. */
  constructor(body: AsyncIterable<Buffer>, contentType: string, maxBytes: number) {
    this.#delimiter = Buffer.from(`\r\n--${boundaryOf(contentType)}`);
    this.#maxBytes = maxBytes;
    this.#chunks = body[Symbol.asyncIterator]();
  }

  /**
   * The next part, or undefined after the last. Throws `invalid-request` for a body that is no multipart or ends too
   * early, `upload-too-large` for one of more than `maxBytes`.
   */
  async nextPart(): Promise<PartHeader | undefined> {
    const start = await this.#passDelimiter();
    while (this.#rest.length < start + 2) await this.#receive();
    if (this.#rest.toString('latin1', start, start + 2) === '--') {
      await this.#passEpilogue();
      return undefined;
    }
    for (;;) {
      const end = this.#rest.indexOf('\r\n\r\n', start);
      if (end >= 0) return parsePartHeader(this.#take(end + 4).toString('utf8', start, end));
      if (this.#rest.length > start + maxPartHeaderBytes) throw broken('The header of a part is too large.');
      await this.#receive();
    }
  }

  /** What is left of the part's content, chunk by chunk; each is lent until the next is asked for. Throws as `nextPart` does, also for content of more bytes. */
  async *content(maxBytes = Number.POSITIVE_INFINITY): AsyncGenerator<Buffer, void, undefined> {
    let bytes = 0;
    for (;;) {
      const end = this.#rest.indexOf(this.#delimiter);
      const certain = end >= 0 ? end : this.#possibleDelimiter();
      bytes += certain;
      if (bytes > maxBytes) throw tooLarge(`The file is larger than ${maxBytes} bytes.`);
      if (certain > 0) yield this.#take(certain);
      if (end >= 0) return;
      await this.#receive();
    }
  }

  /** Leaves the rest of the body unread. */
  async close(): Promise<void> {
    await this.#chunks.return?.();
  }

  /**
   * Up to the next delimiter; resolves to its length. What stands before the first one is to be ignored (RFC 2046,
   * section 5.1.1), and it may be the body's beginning: then no line ends before it.
   */
  async #passDelimiter(): Promise<number> {
    const { length } = this.#delimiter;
    if (this.#received === 0) {
      while (this.#rest.length < length - 2) await this.#receive();
      if (this.#delimiter.compare(this.#rest, 0, length - 2, 2) === 0) return length - 2;
    }
    let ignored = 0;
    for await (const chunk of this.content()) {
      ignored += chunk.length;
      if (ignored > maxIgnoredBytes) throw broken('No part begins where one should.');
    }
    return length;
  }

  /** Where a delimiter may begin that the end of the chunk has cut; the chunk's length if nowhere. */
  #possibleDelimiter(): number {
    const { length } = this.#rest;
    let start = this.#rest.indexOf('\r', Math.max(0, length - this.#delimiter.length + 1));
    while (start >= 0) {
      if (this.#rest.compare(this.#delimiter, 0, length - start, start) === 0) return start;
      start = this.#rest.indexOf('\r', start + 1);
    }
    return length;
  }

  #take(bytes: number): Buffer {
    const taken = this.#rest.subarray(0, bytes);
    // An empty rest must not keep the chunk in memory until a slow client sends the next.
    this.#rest = bytes === this.#rest.length ? nothing : this.#rest.subarray(bytes);
    return taken;
  }

  async #receive(): Promise<void> {
    // Copied, because asking for the next chunk gives this one's memory back.
    const rest = this.#rest.length === 0 ? nothing : Buffer.from(this.#rest);
    this.#rest = nothing;
    const chunk = await this.#nextChunk();
    if (chunk === undefined) throw broken('The body ends before its last boundary.');
    this.#rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
  }

  async #nextChunk(): Promise<Buffer | undefined> {
    const { done, value } = await this.#chunks.next();
    if (done) return undefined;
    this.#received += value.length;
    if (this.#received > this.#maxBytes) {
      throw tooLarge(`The request is larger than ${this.#maxBytes} bytes.`);
    }
    return value;
  }

  /** What stands behind the last delimiter is to be ignored, too; a connection that is kept needs it read. */
  async #passEpilogue(): Promise<void> {
    while ((await this.#nextChunk()) !== undefined);
  }
}

function tooLarge(message: string): TintypeError {
  return new TintypeError('upload-too-large', message);
}

function boundaryOf(contentType: string): string {
  const [, quoted, plain] = /;\s*boundary=(?:"([^"]+)"|([^\s;"]+))/i.exec(contentType) ?? [];
  const boundary = quoted ?? plain;
  if (boundary === undefined || boundary.length > maxBoundaryLength) {
    throw broken('"Content-Type: multipart/form-data" must name a boundary of 1 to 70 characters.');
  }
  return boundary;
}

function parsePartHeader(text: string): PartHeader {
  const [padding = '', ...lines] = text.split('\r\n');
  const disposition = lines.find(line => /^content-disposition\s*:/i.test(line));
  if (padding.trim() !== '' || disposition === undefined) {
    throw broken('A part does not begin with its "Content-Disposition".');
  }
  const parameters = new Map<string, string>();
  for (const [, key = '', quoted, plain = ''] of disposition.matchAll(parameter)) {
    parameters.set(key.toLowerCase(), quoted?.replace(/\\(["\\])/g, '$1') ?? plain);
  }
  const name = parameters.get('name');
  if (name === undefined) throw broken('A part has no name.');
  const filename = parameters.get('filename');
  return filename === undefined ? { name } : { name, filename };
}

const parameter = /;\s*([\w*]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]*))/g;

function broken(message: string): TintypeError {
  return new TintypeError('invalid-request', message);
}
