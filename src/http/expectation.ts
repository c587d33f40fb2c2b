import { TintypeError } from '../errors/tintype-error.ts';
import type { HttpApp } from './http-parts.ts';

/** As Node knows the one expectation that there is (RFC 9110, section 10.1.1). */
const continues = /(?:^|\W)100-continue(?:$|\W)/i;

/** Answers 417 to requests that expect anything else; Node would, without a word. */
export function refuseExpectations(app: HttpApp): void {
  app.server.on('checkExpectation', app.routing);
  app.addHook('onRequest', ({ headers: { expect } }, _reply, done) => {
    if (expect === undefined || continues.test(expect)) done();
    else done(new TintypeError('expectation-failed', 'Of "Expect", only 100-continue is known.'));
  });
}
