/**
 * Gives a buffer's memory back at once; the buffer is empty then. The collector would let some 64 MB gather. What
 * shares its memory with other buffers is left to it.
 */
export function freeMemory({ buffer, length }: Buffer): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === length) buffer.transfer(0);
}
