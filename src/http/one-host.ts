import { TintypeError } from '../errors/tintype-error.ts';
import type { HttpApp } from './http-parts.ts';

/** RFC 9112, section 3.2: Node takes the first of several, and a proxy before us may have gone by another. */
export function refuseSeveralHosts(app: HttpApp): void {
  app.addHook('onRequest', (request, reply, done) => {
    const { rawHeaders } = request.raw;
    const hosts = rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === 'host');
    if (hosts.length <= 1) return done();
    void reply.header('connection', 'close');
    done(new TintypeError('invalid-request', 'The request names more than one host.'));
  });
}
