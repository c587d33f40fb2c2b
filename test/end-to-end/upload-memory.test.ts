import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { suite, test } from 'node:test';
import { pngOf } from '../support/http-service.ts';
import { ProcessMemory } from '../support/process-memory.ts';
import { Service } from '../support/service.ts';

const uploads = 400;
const bytes = 1_000_000;
/** Twice what was seen; with two chunks in hand for each it was 145 MB. */
const mostGrown = 50_000_000;

const head = Buffer.from('--b\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n\r\n');
const job =
  '\r\n--b\r\nContent-Disposition: form-data; name="job"\r\n\r\n{"notBefore":"2100-01-01T00:00:00Z"}\r\n--b--\r\n';

suite(`${uploads} uploads at once`, () => {
  for (const [kind, upload] of [
    ['form', uploadForm],
    ['resumable', uploadPiece],
  ] as const) {
    test(`grow the service by little (${kind})`, async t => {
      await using service = await Service.start();
      // What the first one loads stays for all.
      assert.match(await upload(service), / 20[24] /);
      using memory = await ProcessMemory.watch(service.process.pid ?? 0);
      const answers = await Promise.all(Array.from({ length: uploads }, () => upload(service)));
      for (const answer of answers) assert.match(answer, / 20[24] /);
      const grown = await memory.grown();
      t.diagnostic(`${Math.round(grown / 1e6)} MB`);
      assert.ok(grown <= mostGrown, `${grown} bytes`);
    });
  }
});

function uploadForm(service: Service): Promise<string> {
  const body = Buffer.concat([head, pngOf(bytes), Buffer.from(job)]);
  return send(
    service,
    `POST /jobs HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: ${body.length}`,
    body,
  );
}

async function uploadPiece(service: Service): Promise<string> {
  const made = await send(service, `POST /uploads HTTP/1.1\r\nUpload-Length: ${bytes}\r\nContent-Length: 0`);
  const [, location] = /^location: (\S+)/im.exec(made) ?? [];
  return send(
    service,
    `PATCH ${location} HTTP/1.1\r\nUpload-Offset: 0\r\nContent-Type: application/offset+octet-stream\r\n` +
      `Content-Length: ${bytes}`,
    pngOf(bytes),
  );
}

/** Resolves to the answer. */
async function send({ url }: Service, start: string, body: Buffer = Buffer.alloc(0)): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  socket.write(`${start}\r\nHost: localhost\r\nConnection: close\r\nTus-Resumable: 1.0.0\r\n\r\n`);
  socket.write(body);
  let answer = '';
  for await (const chunk of socket) answer += chunk;
  return answer;
}
