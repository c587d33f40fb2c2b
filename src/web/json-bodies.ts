import type { FastifyRequest } from 'fastify';
import type { HttpApp } from './http-app.ts';
import { parseJson } from './json-text.ts';

/**
 * JSON alone, without Fastify's parsers; and clients that announce JSON and send nothing, send nothing. Names such as
 * `__proto__` are left to the schemas: JSON.parse makes plain fields of them, nothing here merges objects, and in
 * `metadata` they are the caller's.
 */
export function takeJsonAlone(app: HttpApp): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'string' },
    async (_request: FastifyRequest, body: string) => (body === '' ? undefined : parseJson(body, 'The body')),
  );
}
