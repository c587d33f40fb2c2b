import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { HttpApp } from '../http-parts.ts';

/** Of all uploads of this process together. */
const mostInHand = 4_194_304;
/** There may be thousands of connections to stop and to start: not for every chunk. */
const littleInHand = 2_097_152;
/** The most that Node reads of a connection at once. */
const chunkBytes = 65_536;
/** How long others may have to wait for what may be no upload, or no upload's fault. */
const longestWaitMs = 1_000;

/** Connections on which no request is under way. */
const quiet = new Set<Socket>();
/** Connections of uploads that wait for their next bytes. */
const waiting = new Set<Socket>();
/** Uploads that nobody has begun to read: their first bytes may have come with the head. */
const unread = new Set<IncomingMessage>();
let inHand = 0;
let isFull = false;
let timer: NodeJS.Timeout | undefined;

/**
 * Bounds the memory of uploads, however many come at once (docs/decisions/023-memory-of-uploads.md). While they have
 * `mostInHand` in hand, no upload that waits for its next bytes is read, nor is a connection for its next request: what
 * clients send stays in the system's buffers, and then with them.
 */
export function gateReading(app: HttpApp): void {
  /** By connection; with pipelining the next one may come before the answer. */
  const latest = new WeakMap<Socket, IncomingMessage>();
  app.server.on('connection', socket => {
    socket.once('close', () => quiet.delete(socket));
    awaitRequest(socket);
  });
  app.addHook('onRequest', ({ raw, headers }, _reply, done) => {
    quiet.delete(raw.socket);
    latest.set(raw.socket, raw);
    if (isUpload(headers['content-type'])) {
      unread.add(raw);
      hold(chunkBytes);
      raw.once('close', () => begin(raw));
    }
    done();
  });
  // Who is answered already is not read any more.
  app.addHook('onSend', ({ raw }, _reply, payload, done) => {
    begin(raw);
    done(null, payload);
  });
  app.addHook('onResponse', ({ raw }, _reply, done) => {
    const { socket, complete } = raw;
    if (complete && !socket.destroyed && latest.get(socket) === raw) awaitRequest(socket);
    done();
  });
}

function awaitRequest(socket: Socket): void {
  quiet.add(socket);
  // Node sets it to go on in this tick.
  process.nextTick(() => {
    if (isFull && quiet.has(socket)) socket.pause();
  });
}

/** From now on who reads the upload counts its bytes. */
export function begin(body: IncomingMessage): void {
  if (unread.delete(body)) hold(-chunkBytes);
}

/** Has the connection read on: at once, or when uploads have less in hand. */
export function awaitBytes(socket: Socket): void {
  waiting.add(socket);
  if (!isFull) socket.resume();
}

/** To be called when bytes have come, or won't. */
export function stopAwaiting(socket: Socket): void {
  waiting.delete(socket);
}

/** Counts bytes as in hand; a negative number gives them back. */
export function hold(bytes: number): void {
  inHand += bytes;
  if (inHand > (isFull ? littleInHand : mostInHand) === isFull) return;
  isFull = !isFull;
  // Not before what was resumed in this tick has started.
  process.nextTick(apply);
  clearInterval(timer);
  if (isFull) timer = setInterval(relent, longestWaitMs).unref();
}

function apply(): void {
  setReading(quiet, !isFull);
  setReading(waiting, !isFull);
}

/** The disk may stand still, which must not keep others from being answered; nor may an upload that waits for its lock. */
function relent(): void {
  for (const body of unread) begin(body);
  setReading(quiet, true);
}

function setReading(sockets: Iterable<Socket>, isOn: boolean): void {
  for (const socket of sockets) {
    if (isOn) socket.resume();
    else socket.pause();
  }
}

function isUpload(contentType: string | undefined): boolean {
  return /^(multipart\/form-data|application\/offset\+octet-stream)/i.test(contentType ?? '');
}
