import { flushCompileCache } from 'node:module';

/** Ends the process: nothing is to be cleaned up in it, and a library's thread would hold up every kinder end. */
const end = () => process.kill(process.pid, 'SIGKILL');

/**
 * Makes this process answer what its parent sends by IPC (`ServingProcess`), one request at a time, until the parent
 * is gone.
 */
export function serveParent<Request, Answer extends object>(
  serve: (request: Request) => Promise<Answer>,
): void {
  process.on('disconnect', end);
  // A terminal's Ctrl-C and some supervisors' stop reach the whole process group. When this process ends is its
  // parent's business: it may yet finish its image.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});
  process.on('message', async (request: Request) => tellParent(await serve(request)));
  tellParent({ kind: 'ready' });
  // Kept at a process's end, otherwise, and the end of this one is always a kill.
  flushCompileCache();
}

/** The last words, with `isLast`: the process ends once they are sent. */
export function tellParent(message: object, isLast = false): void {
  process.send?.(message, isLast ? end : () => {});
}
