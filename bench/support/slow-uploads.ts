// Sends many uploads at once, each at a slow, steady rate, from a process of its own; prints how many were accepted.
//   node bench/support/slow-uploads.ts URL UPLOADS BYTES SECONDS form|tus
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { photo } from '../../test/support/photo.ts';

const [url = '', uploads = '', bytes = '', seconds = '', kind = ''] = process.argv.slice(2);
const { hostname, port } = new URL(url);
const pieceBytes = 16_384;

/** Decoders stop at the end of the image; what follows makes the file as large as is wanted. */
const image = await photo(1500, 1000).jpeg().toBuffer();
const padding = Buffer.alloc(pieceBytes, 7);
/** Nothing of it is rendered while uploads are measured. */
const job = JSON.stringify({ notBefore: '2100-01-01T00:00:00Z' });
const before = Buffer.from(
  `--b\r\nContent-Disposition: form-data; name="job"\r\n\r\n${job}\r\n` +
    '--b\r\nContent-Disposition: form-data; name="image"; filename="photo.jpg"\r\n\r\n',
);
const after = Buffer.from('\r\n--b--\r\n');

const statuses = await Promise.all(
  Array.from({ length: Number(uploads) }, kind === 'tus' ? uploadByTus : uploadForm),
);
const accepted = statuses.filter(status => status === (kind === 'tus' ? 204 : 202)).length;
console.log(JSON.stringify({ accepted, refused: statuses.length - accepted }));

async function uploadForm(): Promise<number> {
  const socket = await opened();
  const length = before.length + Number(bytes) + after.length;
  socket.write(
    `POST /jobs HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: multipart/form-data; boundary=b\r\n` +
      `Content-Length: ${length}\r\n\r\n`,
  );
  socket.write(before);
  await sendFile(socket);
  socket.write(after);
  return statusOf(socket);
}

async function uploadByTus(): Promise<number> {
  const socket = await opened();
  socket.write(
    `POST /uploads HTTP/1.1\r\nHost: localhost\r\nTus-Resumable: 1.0.0\r\nUpload-Length: ${bytes}\r\nContent-Length: 0\r\n\r\n`,
  );
  const [answer] = (await once(socket, 'data')) as [Buffer];
  // Without it the next answer would be dropped if it came before it is waited for.
  socket.pause();
  const [, location] = /^location: (\S+)/im.exec(answer.toString()) ?? [];
  socket.write(
    `PATCH ${location} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTus-Resumable: 1.0.0\r\n` +
      `Upload-Offset: 0\r\nContent-Type: application/offset+octet-stream\r\nContent-Length: ${bytes}\r\n\r\n`,
  );
  await sendFile(socket);
  return statusOf(socket);
}

async function opened(): Promise<Socket> {
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  return socket;
}

async function sendFile(socket: Socket): Promise<void> {
  const pieces = Math.ceil(Number(bytes) / pieceBytes);
  const everyMs = (Number(seconds) * 1000) / pieces;
  const started = performance.now();
  for (let left = Number(bytes), piece = 0; left > 0; piece += 1) {
    const content = (piece === 0 ? image : padding).subarray(0, left);
    left -= content.length;
    if (!socket.write(content)) await once(socket, 'drain');
    // Not all in the same moment.
    await pause(Math.max(0, started + (piece + Math.random()) * everyMs - performance.now()));
  }
}

async function statusOf(socket: Socket): Promise<number> {
  let answer = '';
  for await (const chunk of socket) answer += chunk;
  return Number(answer.split(' ')[1]);
}
