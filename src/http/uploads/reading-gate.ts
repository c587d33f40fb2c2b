import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { HttpApp } from '../http-parts.ts';

/** Of all uploads of this process together. */
const mostInHand = 8_388_608;
/** There may be thousands of connections to stop and to start: not for every chunk. */
const littleInHand = 4_194_304;
/** The most that Node reads of a connection at once. */
const chunkBytes = 65_536;
/** How long a new connection may have to wait: it may be no upload. */
const longestWaitMs = 1_000;

/** Connections on which no request has come yet. */
const fresh = new Set<Socket>();
/** Connections of uploads that wait for their next bytes. */
const waiting = new Set<Socket>();
/** Uploads that nobody has begun to read: their first bytes may have come with the head. */
const unread = new WeakSet<IncomingMessage>();
let inHand = 0;
let isFull = false;
let timer: NodeJS.Timeout | undefined;

/**
 * Bounds the memory of uploads, however many come at once. While they have `mostInHand` in hand, no connection of an
 * upload that waits for its next bytes is read and no new one for its first: what clients have sent stays in the
 * system's buffers, and then with them.
 */
export function gateReading(app: HttpApp): void {
  app.server.on('connection', socket => {
    fresh.add(socket);
    socket.once('close', () => fresh.delete(socket));
    if (isFull) process.nextTick(apply);
  });
  app.addHook('onRequest', ({ raw, headers }, reply, done) => {
    fresh.delete(raw.socket);
    if (isUpload(headers['content-type'])) {
      unread.add(raw);
      hold(chunkBytes);
      reply.raw.once('close', () => begin(raw));
    }
    done();
  });
}

/** The upload's bytes are counted by who reads them from now on. */
export function begin(body: IncomingMessage): void {
  if (unread.delete(body)) hold(-chunkBytes);
}

/** Has the connection read on, at once or when others have less in hand. */
export function awaitBytes(socket: Socket): void {
  waiting.add(socket);
  if (!isFull) socket.resume();
}

/** Nothing is awaited any more. */
export function stopAwaiting(socket: Socket): void {
  waiting.delete(socket);
}

/** Counts bytes as in hand, or a negative number as given back. */
export function hold(bytes: number): void {
  inHand += bytes;
  if (inHand > (isFull ? littleInHand : mostInHand) === isFull) return;
  isFull = !isFull;
  // What has just been resumed starts in this tick.
  process.nextTick(apply);
  clearInterval(timer);
  if (isFull) timer = setInterval(() => setReading(fresh, true), longestWaitMs).unref();
}

function apply(): void {
  setReading(fresh, !isFull);
  setReading(waiting, !isFull);
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
