import type { Socket } from 'node:net';
import type { HttpApp } from './http-app.ts';

/** More at once than any honest use of one process needs; each costs some kilobytes. Those above it are not taken. */
const mostConnections = 10_000;

/** How long requests may take to end once the server closes, in milliseconds. A slow body may take hours. */
const graceMs = 10_000;

/**
 * Lets `close()` end with the last request, and in time. Left alone it would wait for connections on which no request
 * ever came, such as browsers open ahead, and for those that become idle only after it has closed the idle ones.
 */
export function closeConnectionsInTime(app: HttpApp): void {
  app.server.maxConnections = mostConnections;
  const open = new Set<Socket>();
  let isClosing = false;
  app.server.on('connection', socket => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    if (isClosing) socket.destroy();
  });
  app.addHook('preClose', done => {
    isClosing = true;
    for (const socket of open) if (socket.bytesRead === 0) socket.destroy();
    const late = setTimeout(() => open.forEach(socket => void socket.destroy()), graceMs);
    app.server.once('close', () => clearTimeout(late));
    done();
  });
  app.addHook('onResponse', (_request, _reply, done) => {
    if (isClosing) setImmediate(() => app.server.closeIdleConnections());
    done();
  });
}
