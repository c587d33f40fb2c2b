import { after, before } from 'node:test';
import { type HttpService, startHttpService } from './http-service.ts';

/** The HTTP service of the suite that calls this: started before its first test, stopped after its last. */
export function suiteService(start: () => Promise<HttpService> = startHttpService): HttpService {
  let service: HttpService | undefined;
  before(async () => {
    service = await start();
  });
  after(() => service?.stop());
  // So that a suite has it in a constant: it is asked for nothing before the first test.
  return new Proxy({} as HttpService, { get: (_, name) => service && Reflect.get(service, name) });
}
