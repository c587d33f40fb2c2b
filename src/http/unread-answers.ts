import type { HttpApp } from './http-parts.ts';

const defaultPatienceMs = 60_000;

/**
 * Cuts off clients that take no byte of an answer for a minute, while we hold more of it for them. The connection's own
 * timer begins anew with all that comes or goes, be it ever so slowly. Nothing happens where nothing is held, as with
 * streams of events between two events.
 */
export function dropUnreadAnswers(app: HttpApp, patienceMs = defaultPatienceMs): void {
  app.addHook('onRequest', (_request, reply, done) => {
    const { raw } = reply;
    raw.setTimeout(patienceMs, () => {
      if (raw.socket !== null && raw.socket.writableLength > 0) raw.socket.destroy();
    });
    done();
  });
}
