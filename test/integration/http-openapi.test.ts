import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { startHttpService } from '../support/http-service.ts';

// biome-ignore lint/suspicious/noExplicitAny: a JSON document of any shape
type Json = any;

suite('GET /openapi.json', () => {
  test('describes every route, and every reference in it resolves', async t => {
    const service = await startHttpService();
    t.after(() => service.stop());
    const answer = await fetch(`${service.url}/openapi.json`);
    const document = (await answer.json()) as Json;
    assert.match(document.openapi, /^3\.1\./);
    assert.deepEqual(Object.keys(document.paths).sort(), [
      '/deliveries',
      '/deliveries/{id}/replay',
      '/events',
      '/health/live',
      '/health/ready',
      '/jobs',
      '/jobs/retry',
      '/jobs/{id}',
      '/jobs/{id}/deliveries',
      '/jobs/{id}/events',
      '/jobs/{id}/outputs/{name}',
      '/jobs/{id}/retry',
      '/magnify',
      '/metrics',
      '/models',
      '/ping',
      '/statistics',
      '/thumbnails/{filename}',
      '/uploads',
      '/uploads/{id}',
      '/webhook-endpoints',
      '/webhook-endpoints/{id}',
      '/webhook-endpoints/{id}/rotate',
    ]);
    for (const [path, methods] of Object.entries<Json>(document.paths)) {
      for (const [method, operation] of Object.entries<Json>(methods)) {
        const name = `${method} ${path}`;
        assert.ok(operation.summary, `${name} has a summary`);
        for (const [status, response] of Object.entries<Json>(operation.responses)) {
          assert.ok(response.description, `${name} ${status} is described`);
          if (Number(status) < 400 || path === '/health/ready') continue;
          assert.ok(response.content['application/problem+json'], `${name} ${status} is a problem`);
        }
        for (const parameter of path.matchAll(/\{(\w+)\}/g)) {
          assert.ok(
            operation.parameters.some((one: Json) => one.in === 'path' && one.name === parameter[1]),
            name,
          );
        }
      }
    }
    const refusals = (path: string, method: string) =>
      Object.keys(document.paths[path][method].responses).filter(status => Number(status) >= 400);
    assert.equal(refusals('/jobs', 'post').join(' '), '400 401 403 404 408 409 413 415 422 429 503');
    assert.equal(refusals('/uploads', 'post').join(' '), '400 401 403 404 408 412 413 415 422 429 460 503');
    assert.equal(
      refusals('/uploads/{id}', 'patch').join(' '),
      '400 401 403 404 408 409 412 413 415 422 423 429 460 503',
    );
    const submit = document.paths['/jobs'].post.requestBody.content;
    assert.deepEqual(Object.keys(submit), ['application/json', 'multipart/form-data']);
    for (const reference of JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)) {
      const found = (reference[1] ?? '')
        .replace(/^#\//, '')
        .split('/')
        .reduce((value: Json, key) => value?.[key.replaceAll('~1', '/').replaceAll('~0', '~')], document);
      assert.ok(found, `${reference[1]} resolves`);
    }
  });
});
