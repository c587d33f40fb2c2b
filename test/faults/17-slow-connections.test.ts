import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { percentile } from '../support/percentile.ts';
import { Service } from '../support/service.ts';
import { fault } from './fault.ts';

/** What a busy machine may add to the 30 s. */
const allowanceMs = 5_000;
const healthyRequests = 300;

const heads = {
  headers: 'POST /jobs HTTP/1.1\r\nHost: localhost\r\nX-Slow: ',
  form: 'POST /jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000000\r\n\r\n',
  json: 'POST /jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n3e8\r\n',
  unread: 'POST /nowhere HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n',
};

const row = {
  row: '17',
  fault: 'slow connections of 1 byte a second: headers, and bodies of every kind',
  mustShow: 'closed in 30 s; healthy p99 at most doubled',
  inTests: { connections: 40 },
  full: { connections: 500 },
};

fault(row, async ({ connections }, report) => {
  await using service = await Service.start();
  const kinds = [...Object.values(heads), 'tus'];
  const sent = Array.from({ length: connections }, (_, index) => kinds[index % kinds.length] ?? '');
  // Each has an upload of its own: for one they would wait, and that is no slowness of theirs.
  const starts = await Promise.all(sent.map(kind => (kind === 'tus' ? createUpload(service) : kind)));
  const idle = await healthyTimes(service);
  // Spread over a second: sent all at once, they would hold up the one who measures, who is of the same process.
  const slow = starts.map((start, index) => trickle(service, start, (index / connections) * 1_000));
  const busy = await healthyTimes(service);
  const ends = await Promise.all(slow);
  const longest = Math.max(...ends.map(end => end.ms));
  assert.ok(longest <= 30_000 + allowanceMs, `the last was closed after ${longest} ms`);
  const p99 = (times: readonly number[]) => Math.round(percentile(times, 0.99) * 10) / 10;
  const [idleP99, busyP99] = [p99(idle), p99(busy)];
  // A few milliseconds are the machine's, not the slow connections'.
  assert.ok(busyP99 <= Math.max(2 * idleP99, 100), `p99 went from ${idleP99} to ${busyP99} ms`);
  report('connections', connections);
  report('lastClosedAfterSeconds', Math.round(longest / 100) / 10);
  const answered = ends.filter(end => end.answer.includes('HTTP/1.1 408'));
  report('answered408', answered.length);
  report('healthyP99MsIdle', idleP99);
  report('healthyP99MsBeside', busyP99);
});

/** The head of a piece of a resumable upload. */
async function createUpload({ url }: Service): Promise<string> {
  const headers = { 'tus-resumable': '1.0.0', 'upload-length': '1000000' };
  const made = await fetch(`${url}/uploads`, { method: 'POST', headers });
  return (
    `PATCH ${made.headers.get('location')} HTTP/1.1\r\nHost: localhost\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n` +
    'Content-Type: application/offset+octet-stream\r\nContent-Length: 1000000\r\n\r\n'
  );
}

/** Sends a byte a second, the first after `delayMs`, until the service has had enough. */
async function trickle(
  { url }: Service,
  head: string,
  delayMs: number,
): Promise<{ ms: number; answer: string }> {
  await pause(delayMs);
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => {});
  let answer = '';
  socket.on('data', data => {
    answer += data;
  });
  const closed = new Promise<void>(resolve => socket.once('close', () => resolve()));
  const started = performance.now();
  socket.write(head);
  const timer = setInterval(() => socket.write('x'), 1_000);
  await closed;
  clearInterval(timer);
  return { ms: performance.now() - started, answer };
}

async function healthyTimes({ url }: Service): Promise<number[]> {
  const times: number[] = [];
  for (let request = 0; request < healthyRequests; request += 1) {
    const started = performance.now();
    await (await fetch(`${url}/jobs`)).bytes();
    times.push(performance.now() - started);
    await pause(10);
  }
  return times;
}
