// The peer of rows 1 and 1b: bare sharp behind bare node:http, one request an image.
//   GET /<path>: the file at that path;  POST /: the body, written to a file and fsynced first.
import { randomUUID } from 'node:crypto';
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import sharp from 'sharp';

const folder = mkdtempSync(path.join(os.tmpdir(), 'bare-sharp-'));
process.on('exit', () => rmSync(folder, { recursive: true }));

const server = createServer(async (request, response) => {
  try {
    const upload = request.method === 'POST' ? await store(request) : undefined;
    const file = upload ?? decodeURIComponent((request.url ?? '').slice(1));
    const image = await sharp(file).autoOrient().resize(100, 100, { fit: 'cover' }).jpeg().toBuffer();
    response.setHeader('content-type', 'image/jpeg');
    response.end(image);
  } catch (error) {
    response.statusCode = 500;
    response.end(String(error));
  }
});

async function store(request: IncomingMessage): Promise<string> {
  const file = path.join(folder, randomUUID());
  await pipeline(request, createWriteStream(file));
  const handle = await open(file, 'r+');
  await handle.sync();
  await handle.close();
  return file;
}

server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`listens on http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
});
process.on('disconnect', () => process.exit());
process.on('SIGTERM', () => process.exit());
