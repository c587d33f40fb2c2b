import assert from 'node:assert/strict';
import { once } from 'node:events';
import { before, suite, test } from 'node:test';
import { type Caller, newCaller, startServiceWithKeys } from '../support/callers.ts';
import { eventually } from '../support/eventually.ts';
import { ask } from '../support/http-requests.ts';
import { pngOf, rawConnection } from '../support/http-service.ts';
import { suiteService } from '../support/suite-service.ts';

const tus = { 'tus-resumable': '1.0.0' };
const image = pngOf(100_000);

suite('Resumable uploads of several owners', () => {
  const service = suiteService(startServiceWithKeys);
  let ann: Caller['headers'];
  let bob: Caller['headers'];

  before(async () => {
    ann = (await newCaller(service, 'ann')).headers;
    bob = (await newCaller(service, 'bob')).headers;
  });

  const create = async (headers: Caller['headers']) => {
    const made = await ask(service, 'POST', '/uploads', { ...tus, ...headers, 'upload-length': '100000' });
    return made.headers.get('location') ?? '';
  };

  test('go on, whatever requests others send for them', async t => {
    const path = await create(ann);
    const socket = await rawConnection(service);
    t.after(() => socket.destroy());
    socket.write(
      `PATCH ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${ann.authorization}\r\nTus-Resumable: 1.0.0\r\n` +
        'Upload-Offset: 0\r\nContent-Type: application/offset+octet-stream\r\nContent-Length: 100000\r\n\r\n',
    );
    socket.write(image.subarray(0, 50_000));
    await eventually(async () => (await service.files()).length > 0, 'the piece is being received');
    for (const method of ['HEAD', 'PATCH', 'DELETE']) {
      const headers = {
        ...tus,
        ...bob,
        'upload-offset': '0',
        'content-type': 'application/offset+octet-stream',
      };
      assert.equal((await ask(service, method, path, headers)).status, 404, method);
    }
    socket.write(image.subarray(50_000));
    assert.match(String((await once(socket, 'data'))[0]), /^HTTP\/1\.1 204 /);
    const head = await ask(service, 'HEAD', path, { ...tus, ...ann });
    assert.equal(head.headers.get('upload-offset'), '100000');
  });
});
