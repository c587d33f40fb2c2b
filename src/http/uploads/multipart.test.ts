import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { TintypeError } from '../../errors/tintype-error.ts';
import { MultipartReader } from './multipart.ts';

const boundary = 'a-b';
const type = `multipart/form-data; boundary=${boundary}`;

/** What nearly is a delimiter, wherever the chunks cut it. */
const nearly = Buffer.from('\r\r\n\r\n-\r\n--\r\n--a\r\n--a-\r\n--a-\r\n--a-cx\r\n--a');

function body(...parts: [header: string, content: Buffer | string][]): Buffer {
  const pieces = parts.flatMap(([header, content]) => [
    `--${boundary}\r\n${header}\r\n\r\n`,
    content,
    '\r\n',
  ]);
  return Buffer.concat([...pieces, `--${boundary}--\r\n`].map(piece => Buffer.from(piece)));
}

/** The body as chunks of this many bytes, each lent until the next is asked for. */
async function* chunked(whole: Buffer, bytes: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < whole.length; at += bytes) {
    const chunk = Buffer.from(whole.subarray(at, at + bytes));
    yield chunk;
    chunk.fill('-');
  }
}

async function readAll(stream: AsyncIterable<Buffer>, contentType = type, maxBytes = 1e6) {
  const reader = new MultipartReader(stream, contentType, maxBytes);
  const parts: { name: string; filename?: string; content: string }[] = [];
  for (let part = await reader.nextPart(); part !== undefined; part = await reader.nextPart()) {
    const chunks: Buffer[] = [];
    for await (const chunk of reader.content()) chunks.push(Buffer.from(chunk));
    parts.push({ ...part, content: Buffer.concat(chunks).toString('latin1') });
  }
  await reader.close();
  return parts;
}

suite('MultipartReader', () => {
  test('reads the same parts however the body is cut into chunks', async () => {
    const whole = Buffer.concat([
      Buffer.from('a preamble to ignore\r\n'),
      body(
        ['Content-Disposition: form-data; name="image"; filename="ä.png"\r\nContent-Type: image/png', nearly],
        ['content-disposition:form-data;name=job', ''],
        ['X-Other: 1\r\nContent-Disposition: form-data; filename="a\\"b;c.png"; name="last"', '\r\n'],
      ),
      Buffer.from('and an epilogue'),
    ]);
    for (let bytes = 1; bytes <= whole.length; bytes++) {
      assert.deepEqual(await readAll(chunked(whole, bytes)), [
        { name: 'image', filename: 'ä.png', content: nearly.toString('latin1') },
        { name: 'job', content: '' },
        { name: 'last', filename: 'a"b;c.png', content: '\r\n' },
      ]);
    }
  });

  test('passes over content that nobody read', async () => {
    const reader = new MultipartReader(
      chunked(
        body(
          ['Content-Disposition: form-data; name=a', nearly],
          ['Content-Disposition: form-data; name=b', ''],
        ),
        7,
      ),
      'multipart/form-data; charset=utf-8; boundary="a-b"',
      1e6,
    );
    assert.equal((await reader.nextPart())?.name, 'a');
    assert.equal((await reader.nextPart())?.name, 'b');
    assert.equal(await reader.nextPart(), undefined);
  });

  const refused: [what: string, body: string | Buffer, contentType?: string][] = [
    ['an empty body', ''],
    ['a body without its boundary', 'x'.repeat(1000)],
    ['a long preamble', Buffer.concat([Buffer.alloc(20_000, 'x'), body()])],
    ['a body that ends within a part', body(['Content-Disposition: form-data; name=a', 'x']).subarray(0, -8)],
    ['a part without a name', body(['Content-Disposition: form-data', 'x'])],
    ['a part without a header', body(['', 'x'])],
    ['an endless header', body([`X: ${'x'.repeat(20_000)}`, 'x'])],
    ['a header without a boundary', body(), 'multipart/form-data'],
    ['a boundary that is too long', body(), `multipart/form-data; boundary=${'x'.repeat(71)}`],
  ];
  for (const [what, content, contentType] of refused) {
    test(`refuses ${what}`, async () => {
      await assert.rejects(
        async () => readAll(chunked(Buffer.from(content), 100), contentType ?? type),
        (error: TintypeError) => error.code === 'invalid-request',
      );
    });
  }

  test('stops at the most bytes it may read', async () => {
    const whole = body(['Content-Disposition: form-data; name=a', 'x'.repeat(10_000)]);
    await assert.rejects(
      readAll(chunked(whole, 100), type, 5_000),
      (error: unknown) => error instanceof TintypeError && error.code === 'upload-too-large',
    );
  });
});
