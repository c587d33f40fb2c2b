import { freshKey } from '../../src/jobs/api-key.ts';
import type { HttpService } from './http-service.ts';
import { startHttpService } from './http-service.ts';

/** Somebody with a key of their own. */
export interface Caller {
  readonly keyId: string;
  /** To be sent with each request. */
  readonly headers: { readonly authorization: string };
}

/** The HTTP server with AUTH=keys. */
export function startServiceWithKeys(requestsAMinute = 0): Promise<HttpService> {
  return startHttpService(({ keys }) => ({ authentication: { keys, requestsAMinute }, loopbackOnly: false }));
}

export async function newCaller(service: HttpService, owner: string, isAdmin = false): Promise<Caller> {
  const { id, text, secretHash } = freshKey();
  await service.stores.keys.create({ id, owner, isAdmin, secretHash });
  return { keyId: id, headers: { authorization: `Bearer ${text}` } };
}
