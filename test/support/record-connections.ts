// Preloaded into a service (`node --import record-connections.ts?to=FILE`): writes a line for every address that the
// process tries to connect to, whether anything listens there or not.
import { subscribe } from 'node:diagnostics_channel';
import { appendFileSync } from 'node:fs';
import type { Socket } from 'node:net';

const file = new URL(import.meta.url).searchParams.get('to') ?? '';

subscribe('net.client.socket', message => {
  const { socket } = message as { socket: Socket };
  socket.on('connectionAttempt', (address, port) => appendFileSync(file, `${address} ${port}\n`));
});
