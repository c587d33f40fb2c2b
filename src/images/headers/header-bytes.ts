/** Thrown when the bytes at hand end before what is needed: the image may still be good. */
export class EndOfHeader extends Error {}

/** The start of a file, read by offset; every read outside it throws `EndOfHeader`. */
export class HeaderBytes {
  readonly length: number;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.length = bytes.length;
  }

  u8(at: number): number {
    this.#check(at, 1);
    return this.#view.getUint8(at);
  }

  u16(at: number, littleEndian = false): number {
    this.#check(at, 2);
    return this.#view.getUint16(at, littleEndian);
  }

  u24(at: number, littleEndian = false): number {
    return littleEndian
      ? this.u16(at, true) + this.u8(at + 2) * 0x10000
      : this.u8(at) * 0x10000 + this.u16(at + 1);
  }

  u32(at: number, littleEndian = false): number {
    this.#check(at, 4);
    return this.#view.getUint32(at, littleEndian);
  }

  /** As a double: exact up to 2^53, and beyond that larger than any file. */
  u64(at: number, littleEndian = false): number {
    this.#check(at, 8);
    return Number(this.#view.getBigUint64(at, littleEndian));
  }

  /** One character a byte, so that signatures can be compared as strings. */
  text(at: number, length: number): string {
    this.#check(at, length);
    return Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset + at, length).toString('latin1');
  }

  /** Whether these characters stand there; false where the bytes end before. */
  has(at: number, signature: string): boolean {
    return at + signature.length <= this.length && this.text(at, signature.length) === signature;
  }

  #check(at: number, length: number): void {
    if (!(at >= 0 && at + length <= this.length)) throw new EndOfHeader();
  }
}
