import { inflateSync } from 'node:zlib';

/** Pixels as 8-bit RGBA, whatever the file's depth and colour type. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly rgba: Uint8Array;
}

interface Header {
  width: number;
  height: number;
  depth: number;
  colourType: number;
  interlaced: boolean;
}

const samplesByColourType = new Map([
  [0, 1],
  [2, 3],
  [3, 1],
  [4, 2],
  [6, 4],
]);
/** First column and row, and the steps between, of Adam7's passes. */
const adam7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

/** A PNG decoder of the tests' own, after the PNG specification, so that libvips is not checked by itself. */
export function decodePng(file: Buffer): Pixels {
  const chunks = readChunks(file);
  const header = readIhdr(chunks);
  const data = inflateSync(Buffer.concat(chunks.filter(each => each.type === 'IDAT').map(each => each.data)));
  const rgba = new Uint8Array(header.width * header.height * 4);
  const colour = colourReader(header, chunks);
  const passes = header.interlaced ? adam7 : ([[0, 0, 1, 1]] as const);
  let at = 0;
  for (const [x0, y0, dx, dy] of passes) {
    const columns = Math.ceil((header.width - x0) / dx);
    const rows = Math.ceil((header.height - y0) / dy);
    if (columns <= 0 || rows <= 0) continue;
    const lines = unfilter(data, at, columns, rows, header);
    at = lines.end;
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const pixel = colour(lines.rows[row] ?? Buffer.alloc(0), column);
        rgba.set(pixel, ((y0 + row * dy) * header.width + x0 + column * dx) * 4);
      }
    }
  }
  return { width: header.width, height: header.height, rgba };
}

function readChunks(file: Buffer): { type: string; data: Buffer }[] {
  const chunks = [];
  for (let at = 8; at + 12 <= file.length; ) {
    const length = file.readUInt32BE(at);
    chunks.push({
      type: file.toString('latin1', at + 4, at + 8),
      data: file.subarray(at + 8, at + 8 + length),
    });
    at += 12 + length;
  }
  return chunks;
}

function readIhdr(chunks: { type: string; data: Buffer }[]): Header {
  const ihdr = chunks[0]?.data ?? Buffer.alloc(13);
  return {
    width: ihdr.readUInt32BE(0),
    height: ihdr.readUInt32BE(4),
    depth: ihdr.readUInt8(8),
    colourType: ihdr.readUInt8(9),
    interlaced: ihdr.readUInt8(12) === 1,
  };
}

function unfilter(data: Buffer, start: number, columns: number, rows: number, header: Header) {
  const bits = (samplesByColourType.get(header.colourType) ?? 1) * header.depth;
  const lineBytes = Math.ceil((columns * bits) / 8);
  const step = Math.max(1, bits >> 3);
  const lines: Buffer[] = [];
  let above = Buffer.alloc(lineBytes);
  let at = start;
  for (let row = 0; row < rows; row++) {
    const filter = data.readUInt8(at);
    const line = Buffer.from(data.subarray(at + 1, at + 1 + lineBytes));
    for (let i = 0; i < lineBytes; i++) {
      const left = line[i - step] ?? 0;
      const up = above[i] ?? 0;
      const corner = i >= step ? (above[i - step] ?? 0) : 0;
      const predicted = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter] ?? 0;
      line[i] = (line[i] ?? 0) + predicted;
    }
    lines.push(line);
    above = line;
    at += 1 + lineBytes;
  }
  return { rows: lines, end: at };
}

function paeth(left: number, up: number, corner: number): number {
  const guess = left + up - corner;
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)];
  if (a <= b && a <= c) return left;
  return b <= c ? up : corner;
}

type ReadPixel = (line: Buffer, column: number) => [number, number, number, number];

function colourReader(header: Header, chunks: { type: string; data: Buffer }[]): ReadPixel {
  const { depth, colourType } = header;
  const palette = chunks.find(chunk => chunk.type === 'PLTE')?.data;
  const transparent = chunks.find(chunk => chunk.type === 'tRNS')?.data;
  const count = samplesByColourType.get(colourType) ?? 1;
  const to8 = (sample: number) => Math.round((sample * 255) / (2 ** depth - 1));
  const clear = (...samples: number[]) =>
    samples.every((sample, index) => transparent?.readUInt16BE(index * 2) === sample) ? 0 : 255;
  return (line, column) => {
    const sample = (index: number) => readSample(line, (column * count + index) * depth, depth);
    if (colourType === 3) {
      const index = sample(0);
      const entry = (part: number) => palette?.[index * 3 + part] ?? 0;
      return [entry(0), entry(1), entry(2), transparent?.[index] ?? 255];
    }
    if (count <= 2) {
      const grey = to8(sample(0));
      const alpha = count === 2 ? to8(sample(1)) : transparent ? clear(sample(0)) : 255;
      return [grey, grey, grey, alpha];
    }
    const [r, g, b] = [sample(0), sample(1), sample(2)];
    return [to8(r), to8(g), to8(b), count === 4 ? to8(sample(3)) : transparent ? clear(r, g, b) : 255];
  };
}

function readSample(line: Buffer, bit: number, depth: number): number {
  if (depth === 16) return line.readUInt16BE(bit / 8);
  const byte = line[bit >> 3] ?? 0;
  return (byte >> (8 - depth - (bit & 7))) & (2 ** depth - 1);
}
