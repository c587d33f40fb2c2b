// Preloaded into a service (`node --import block-event-loop.ts?ms=2000`): at SIGUSR2 its event loop stands still for so
// long. Its other threads go on.
import { isMainThread } from 'node:worker_threads';

const ms = Number(new URL(import.meta.url).searchParams.get('ms'));

if (isMainThread) {
  const nobody = new Int32Array(new SharedArrayBuffer(4));
  process.on('SIGUSR2', () => Atomics.wait(nobody, 0, 0, ms));
}
