import assert from 'node:assert/strict';
import { Agent, get, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { suite, test } from 'node:test';
import { uploadKey } from '../../src/jobs/upload-store.ts';
import { FilesystemObjectStore } from '../../src/objects/filesystem.ts';
import { FilesystemPartialFiles } from '../../src/objects/filesystem-partial-files.ts';
import { type HttpService, pngOf, rawConnection, startHttpService } from '../support/http-service.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const head = '--b\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n\r\n';
const multipart = { 'content-type': 'multipart/form-data; boundary=b' };

suite('Many uploads at once', () => {
  test('are stored as they were sent, on connections that are kept', async t => {
    const service = await startHttpService();
    const agent = new Agent({ keepAlive: true });
    t.after(async () => {
      agent.destroy();
      await service.stop();
    });
    for (let round = 0; round < 2; round += 1) {
      const uploads = Array.from({ length: 150 }, async (_, index) => {
        const image = pngOf(400_000).fill(round * 150 + index, 100);
        // Some are refused once they are too large, and what follows on the connection must still be understood.
        const [bytes, status] = index % 10 === 0 ? [1_100_000, 413] : [400_000, 202];
        const answer = await upload(service, agent, Buffer.concat([image, Buffer.alloc(bytes - 400_000)]));
        assert.equal(answer.status, status);
        if (status === 202) assert.deepEqual(await stored(service, answer.body), image);
      });
      await Promise.all(uploads);
    }
  });

  test('do not keep others from being answered while the store stands still', async t => {
    await using folder = await temporaryFolder();
    const { promise: going, resolve: goOn } = Promise.withResolvers<void>();
    const objects = new (class extends FilesystemObjectStore {
      override async put(...order: Parameters<FilesystemObjectStore['put']>) {
        await going;
        return super.put(...order);
      }
    })(folder.path);
    await objects.clearScratch(0);
    const partialFiles = new FilesystemPartialFiles(folder.path, objects);
    const service = await startHttpService({}, { objects, partialFiles, files: async () => [] });
    const agent = new Agent();
    t.after(async () => {
      agent.destroy();
      await service.stop();
      await objects.close();
    });
    const uploads = Array.from({ length: 150 }, () => upload(service, agent, pngOf(400_000)));
    assert.equal(await statusOf(`${service.url}/ping`), 200);
    goOn();
    for (const { status } of await Promise.all(uploads)) assert.equal(status, 202);
  });

  test('may each end later than their last part, and the connection goes on', async t => {
    const service = await startHttpService();
    t.after(() => service.stop());
    const socket = await rawConnection(service);
    const answers = text(socket);
    const body = Buffer.concat([Buffer.from(head), pngOf(5_000), Buffer.from('\r\n--b--\r\n')]);
    socket.write(
      `POST /jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${multipart['content-type']}\r\n` +
        `Transfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n`,
    );
    socket.write(body);
    // Another request's answer shows that the service had its chance to read so far.
    assert.equal(await statusOf(`${service.url}/ping`), 200);
    socket.write('\r\n0\r\n\r\n');
    socket.write('GET /ping HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    assert.match(await answers, /^HTTP\/1\.1 202 .*HTTP\/1\.1 200 /s);
  });
});

function upload({ url }: HttpService, agent: Agent, image: Buffer) {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: string }>();
  const sent = request(`${url}/jobs`, { method: 'POST', agent, headers: multipart });
  sent.on('response', async answer => {
    resolve({ status: answer.statusCode ?? 0, body: await text(answer) });
  });
  sent.on('error', reject);
  sent.end(Buffer.concat([Buffer.from(head), image, Buffer.from('\r\n--b--\r\n')]));
  return promise;
}

async function stored({ objects }: HttpService, job: string): Promise<Buffer> {
  const { source } = JSON.parse(job) as { source: { upload: string } };
  return Buffer.concat(await (await objects.read(uploadKey(source.upload))).toArray());
}

/** On a connection of its own. */
async function statusOf(url: string): Promise<number | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
  get(url, { agent: false }, answer => {
    answer.resume();
    resolve(answer.statusCode);
  }).on('error', reject);
  return promise;
}
