import { openSqlite } from '../../src/job-store/sqlite/sqlite.ts';
import { freshKey } from '../../src/jobs/api-key.ts';
import type { HttpService } from './http-service.ts';
import { startHttpService } from './http-service.ts';
import type { Service } from './service.ts';

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

/** A key for a service that runs in a process of its own, straight in its job store. */
export async function addKey({ folder }: Service, owner: string): Promise<Caller['headers']> {
  const store = await openSqlite({ file: `${folder}/tintype.db`, exclusive: false });
  try {
    const { id, text, secretHash } = freshKey();
    await store.keys.create({ id, owner, isAdmin: false, secretHash });
    return { authorization: `Bearer ${text}` };
  } finally {
    await store.close();
  }
}
