import assert from 'node:assert/strict';
import type { HttpService } from './http-service.ts';

// biome-ignore lint/suspicious/noExplicitAny: the tests say what must be in it
type Json = any;

/** An answer whose body is JSON. */
export interface JsonAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Json;
}

/** A request without a body; follows no redirect. */
export async function ask(
  service: HttpService,
  method: string,
  path: string,
  headers: Record<string, string> = {},
) {
  const answer = await fetch(`${service.url}${path}`, { method, headers, redirect: 'manual' });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, text, json: (): Json => JSON.parse(text) };
}

/** `POST /jobs` with a form, a text as it is, or an object as JSON. */
export async function postJob(
  service: HttpService,
  body: FormData | object | string,
  headers: Record<string, string> = {},
): Promise<JsonAnswer> {
  const isForm = body instanceof FormData;
  const answer = await fetch(`${service.url}/jobs`, {
    method: 'POST',
    headers: isForm ? headers : { 'content-type': 'application/json', ...headers },
    body: isForm || typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: answer.status, headers: answer.headers, body: await answer.json() };
}

/** Submits a job for an image that nobody fetches; resolves to it. */
export async function submitJob(
  service: HttpService,
  changes: object = {},
  headers: Record<string, string> = {},
): Promise<Json> {
  const { status, body } = await postJob(
    service,
    {
      source: { url: 'http://images.invalid/a.jpg' },
      outputs: [{ name: 'thumb', filename: 'thumb_a.jpg' }],
      ...changes,
    },
    headers,
  );
  assert.equal(status, 202, JSON.stringify(body));
  return body;
}

/** Resolves to the problem's text. */
export async function refuses(
  request: Promise<JsonAnswer>,
  status: number,
  code: string,
  pointer?: string,
): Promise<string> {
  const answer = await request;
  assert.equal(answer.status, status, JSON.stringify(answer.body));
  assert.match(answer.headers.get('content-type') ?? '', /^application\/problem\+json/);
  assert.equal(answer.body.code, code);
  assert.equal(answer.body.status, status);
  if (pointer !== undefined) assert.equal(answer.body.pointer, pointer);
  return answer.body.detail;
}

/** How many uploads no job names. */
export async function unnamedUploads({ stores }: HttpService): Promise<number> {
  return (await stores.uploads.abandoned(-60_000, 1000)).length;
}

/** Whatever was refused left nothing behind. */
export async function leavesNothing(service: HttpService, work: () => Promise<unknown>): Promise<void> {
  const [files, uploads] = [(await service.files()).length, await unnamedUploads(service)];
  await work();
  assert.equal((await service.files()).length, files);
  assert.equal(await unnamedUploads(service), uploads);
}
