import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { isSigningSecret, newSigningSecret } from '../../src/secrets/signing-secret.ts';
import { newCaller, startServiceWithKeys } from '../support/callers.ts';
import { ask as askService, refuses, submitJob } from '../support/http-requests.ts';
import { form, type HttpService, pngOf } from '../support/http-service.ts';
import { loopbackSpellings, privateSpellings, refusedUrls } from '../support/private-addresses.ts';
import { claimDeliveries, claimWebhooks } from '../support/stored-deliveries.ts';
import { newGroup } from '../support/stored-groups.ts';
import { found } from '../support/stored-jobs.ts';
import { suiteService } from '../support/suite-service.ts';

const url = 'https://ann.example.org/hook';

suite('Webhooks over HTTP', () => {
  const service = suiteService();

  const send = (method: string, path: string, body?: unknown) => sendTo(service, method, path, body);
  const ask = (method: string, path: string) => askService(service, method, path);

  test('an endpoint is made, shown, changed and deleted; its secret is shown once', async () => {
    const made = await send('POST', '/webhook-endpoints', { url });
    assert.equal(made.status, 201);
    const { secret, ...endpoint } = made.body;
    assert.ok(isSigningSecret(secret));
    assert.deepEqual(endpoint, {
      id: endpoint.id,
      owner: 'local',
      url,
      events: ['job.complete', 'job.failed', 'job.cancelled'],
      enabled: true,
      template: null,
      created: endpoint.created,
      previousSecretEnds: null,
    });
    const path = `/webhook-endpoints/${endpoint.id}`;
    assert.equal(made.headers.get('location'), path);
    assert.deepEqual((await send('GET', path)).body, endpoint);
    assert.deepEqual((await send('GET', '/webhook-endpoints')).body, {
      endpoints: [endpoint],
      nextCursor: null,
    });
    const changed = await send('PATCH', path, { enabled: false, template: { text: '{{id}}' } });
    assert.deepEqual(changed.body, { ...endpoint, enabled: false, template: { text: '{{id}}' } });
    const back = await send('PATCH', path, { enabled: true, template: null });
    assert.deepEqual(back.body, endpoint);
    const rotated = await send('POST', `${path}/rotate`);
    assert.ok(isSigningSecret(rotated.body.secret));
    assert.notEqual(rotated.body.secret, secret);
    const ends = Date.parse(rotated.body.previousSecretEnds) - Date.now();
    assert.ok(Math.abs(ends - 86_400_000) < 60_000);
    assert.equal((await send('DELETE', path)).status, 204);
    for (const method of ['GET', 'DELETE']) assert.equal((await send(method, path)).status, 404);
    assert.equal((await send('POST', `${path}/rotate`)).status, 404);
  });

  test('what makes no sense is refused by name', async () => {
    const bad: [body: object, pointer: string][] = [
      [{}, '/url'],
      [{ url: 'nonsense' }, '/url'],
      [{ url: 'https://user:password@example.org/' }, '/url'],
      [{ url: 'http://10.0.0.1/' }, '/url'],
      [{ url, events: [] }, '/events'],
      [{ url, events: ['job.pending'] }, '/events/0'],
      [{ url, secret: newSigningSecret() }, '/secret'],
      [{ url, template: 'text' }, '/template'],
      [{ url, template: { text: '{{password}}' } }, '/template'],
      [{ url, template: { text: 'x'.repeat(9_000) } }, '/template'],
      [{ url, template: JSON.parse(`${'{"a":'.repeat(20)}1${'}'.repeat(20)}`) }, '/template'],
    ];
    for (const [body, pointer] of bad) {
      const detail = await refuses(send('POST', '/webhook-endpoints', body), 400, 'invalid-request', pointer);
      assert.doesNotMatch(detail, /whsec_[A-Za-z0-9+/]{8}/);
    }
    await refuses(send('GET', '/webhook-endpoints?limit=0'), 400, 'invalid-request', '/limit');
    await refuses(send('GET', '/deliveries?status=done'), 400, 'invalid-request', '/status');
    await refuses(send('GET', '/deliveries?cursor=x'), 400, 'invalid-request', '/cursor');
  });

  test('blocked addresses are refused however they are spelled', async () => {
    const hosts = [...loopbackSpellings, ...privateSpellings].map(host => `http://${host}/`);
    for (const blocked of [...hosts.filter(each => !/localhost/i.test(each)), ...refusedUrls]) {
      await refuses(send('POST', '/webhook-endpoints', { url: blocked }), 400, 'invalid-request', '/url');
      const job = { source: { url: 'http://images.invalid/a.jpg' }, webhooks: [{ url: blocked }] };
      await refuses(send('POST', '/jobs', job), 400, 'invalid-request', '/webhooks/0/url');
    }
  });

  test("a job's webhooks are checked, kept secret and used, from a form too", async () => {
    const source = { url: 'http://images.invalid/a.jpg' };
    for (const [webhooks, pointer] of [
      [[{ url, secret: 'whsec_short' }], '/webhooks/0/secret'],
      [[{ url }, { url, event: [] }], '/webhooks/1/event'],
      [Array(6).fill({ url }), '/webhooks'],
    ] as const) {
      await refuses(send('POST', '/jobs', { source, webhooks }), 400, 'invalid-request', pointer);
    }
    const secret = newSigningSecret();
    const webhooks = [{ url, events: ['job.cancelled'], secret }];
    const job = await submitJob(service, { webhooks });
    const upload = form(['image', pngOf(2_000), 'a.png'], ['job', JSON.stringify({ webhooks })]);
    const uploaded = await fetch(`${service.url}/jobs`, { method: 'POST', body: upload });
    assert.equal(uploaded.status, 202);
    const { id } = (await uploaded.json()) as { id: string };
    for (const each of [job.id, id]) {
      await ask('DELETE', `/jobs/${each}`);
      const { deliveries } = (await ask('GET', `/jobs/${each}/deliveries`)).json();
      assert.equal(deliveries.length, 1);
      assert.deepEqual(deliveries[0].target, { kind: 'webhook', url, name: null, endpoint: null });
      assert.deepEqual([deliveries[0].type, deliveries[0].status], ['job.cancelled', 'pending']);
    }
    const shown = [`/jobs/${id}`, '/jobs', `/jobs/${id}/deliveries`, '/deliveries'];
    for (const path of shown) assert.ok(!(await ask('GET', path)).text.includes('whsec_'), path);
    const [claimed] = await claimWebhooks(service.stores, { limit: 1 });
    assert.ok(!JSON.stringify(claimed).includes('whsec_'));
    const [sealed] = found(claimed).target.secrets;
    assert.ok(sealed !== undefined && !sealed.includes(secret.slice(6)));
  });

  test('deliveries are listed and told again', async () => {
    const claimed = found((await claimDeliveries(service.stores))[0]);
    const replay = `/deliveries/${claimed.id}/replay`;
    await refuses(send('POST', replay), 409, 'delivery-not-ended');
    const made = { at: Date.now(), latencyMs: 4, status: 500, error: 'HTTP 500.' };
    await service.stores.deliveries.end(claimed, made, { result: 'failed', gone: false });
    const listed = (await ask('GET', '/deliveries?status=failed')).json();
    assert.deepEqual(
      listed.deliveries.map((each: { id: string }) => each.id),
      [claimed.id],
    );
    assert.deepEqual(listed.deliveries[0].tries, [
      { at: new Date(made.at).toISOString(), status: 500, latency: 4, error: 'HTTP 500.' },
    ]);
    const again = await send('POST', replay);
    assert.deepEqual([again.status, again.body.id, again.body.status], [202, claimed.id, 'pending']);
  });

  test('a job that came with an event shows who is told of its group', async () => {
    const group = newGroup({ owner: 'local' });
    await service.stores.intake.submitGroups([group]);
    const id = found(group.jobs[0]).id;
    await ask('DELETE', `/jobs/${id}`);
    const { deliveries } = (await ask('GET', `/jobs/${id}/deliveries`)).json();
    const told = deliveries.filter((each: { group: string | null }) => each.group !== null);
    assert.deepEqual(
      told.map((each: Record<string, unknown>) => [each.job, each.run, each.type, each.target]),
      [[null, 1, 'group.ended', { kind: 'kafka', url: null, name: 'processed', endpoint: null }]],
    );
  });
});

test("other owners' endpoints and deliveries do not exist, but for admins", async t => {
  const service = await startServiceWithKeys();
  t.after(() => service.stop());
  const [ann, bob, admin] = [
    await senderFor(service, 'ann'),
    await senderFor(service, 'bob'),
    await senderFor(service, 'ops', true),
  ];
  const made = await ann('POST', '/webhook-endpoints', { url });
  const job = await ann('POST', '/jobs', { source: { url: 'http://images.invalid/a.jpg' } });
  await ann('DELETE', `/jobs/${job.body.id}`);
  const [delivery] = (await ann('GET', '/deliveries')).body.deliveries;
  const endpoint = `/webhook-endpoints/${made.body.id}`;
  for (const [method, path] of [
    ['GET', endpoint],
    ['PATCH', endpoint],
    ['DELETE', endpoint],
    ['POST', `${endpoint}/rotate`],
    ['GET', `/jobs/${job.body.id}/deliveries`],
    ['POST', `/deliveries/${delivery.id}/replay`],
  ] as const) {
    assert.equal((await bob(method, path, method === 'PATCH' ? {} : undefined)).status, 404, path);
  }
  for (const path of ['/webhook-endpoints', '/deliveries']) {
    assert.ok(!JSON.stringify((await bob('GET', path)).body).includes(made.body.id), path);
    assert.ok(JSON.stringify((await admin('GET', path)).body).includes(made.body.id), path);
  }
});

async function senderFor(service: HttpService, owner: string, isAdmin = false) {
  const { headers } = await newCaller(service, owner, isAdmin);
  return (method: string, path: string, body?: unknown) => sendTo(service, method, path, body, headers);
}

async function sendTo(service: HttpService, method: string, path: string, body?: unknown, headers = {}) {
  const sent = body !== undefined && {
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  };
  const answer = await fetch(`${service.url}${path}`, { method, headers, ...sent });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, body: text === '' ? null : JSON.parse(text) };
}
