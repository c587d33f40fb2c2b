import type { SeededNumbers } from './seeded-numbers.ts';

/** Numbers that decoders stumble over: nothing, one, the edges of signed and unsigned 16 and 32 bits. */
const edges = [0, 1, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff];

/** An image as a fuzzer would have it: one of these kinds of damage, chosen by the numbers. `other` lends pieces. */
export function damagedImage(image: Buffer, other: Buffer, next: SeededNumbers): Buffer {
  const copy = Buffer.from(image);
  const kinds = [
    () => copy.subarray(0, next(copy.length) + 1),
    () => sprinkled(copy, next),
    () => flipped(copy, next),
    () => lying(copy, next),
    () => wiped(copy, next),
    () => repeated(copy, next),
    () => spliced(copy, other, next),
  ];
  return kinds[next(kinds.length)]?.() ?? copy;
}

function sprinkled(image: Buffer, next: SeededNumbers): Buffer {
  for (let i = 0; i < 10; i++) image[next(image.length)] = next(256);
  return image;
}

/** A few single bits, most of them near the start, where the structure is. */
function flipped(image: Buffer, next: SeededNumbers): Buffer {
  for (let i = 0; i < 5; i++) {
    const at = next(i < 3 ? Math.min(image.length, 512) : image.length);
    image[at] = (image[at] ?? 0) ^ (1 << next(8));
  }
  return image;
}

/** A length, a size or an offset that is not true. */
function lying(image: Buffer, next: SeededNumbers): Buffer {
  if (image.length < 12) return image;
  const value = edges[next(edges.length)] ?? 0;
  const at = next(Math.min(image.length - 4, 1024));
  if (next(2) === 0) image.writeUInt32BE(value, at);
  else image.writeUInt32LE(value, at);
  return image;
}

/** A run of the same byte near the start. */
function wiped(image: Buffer, next: SeededNumbers): Buffer {
  const start = next(Math.min(image.length, 64));
  const end = Math.min(image.length, start + 1 + next(16));
  return image.fill([0, 0x7f, 0x80, 0xff][next(4)] ?? 0, start, end);
}

function repeated(image: Buffer, next: SeededNumbers): Buffer {
  const [a, b] = [next(image.length), next(image.length)];
  return Buffer.concat([image.subarray(0, Math.max(a, b)), image.subarray(Math.min(a, b))]);
}

/** The start of one image and the end of another, which may be of another format. */
function spliced(image: Buffer, other: Buffer, next: SeededNumbers): Buffer {
  return Buffer.concat([image.subarray(0, next(image.length)), other.subarray(next(other.length))]);
}
