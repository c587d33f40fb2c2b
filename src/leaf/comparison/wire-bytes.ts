import { type ChannelListener, subscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';

/** Bytes in both directions, as TCP carried them for one process: without the headers of TCP and IP. */
export interface WireBytes {
  readonly kafka: number;
  readonly mongodb: number;
}

/**
 * Counts from now on what this process says to Kafka and to MongoDB: every connection that the client of Kafka does not
 * open is one to MongoDB. Connections with TLS go uncounted.
 */
export function countWireBytes(): () => WireBytes {
  const kafka: Socket[] = [];
  const mongodb: Socket[] = [];
  // The client opens its socket between these two, without a pause.
  let isKafka = false;
  subscribe('tracing:plt:kafka:connections:connects:start', () => {
    isKafka = true;
  });
  subscribe('tracing:plt:kafka:connections:connects:end', () => {
    isKafka = false;
  });
  const opened: ChannelListener = message => {
    (isKafka ? kafka : mongodb).push((message as { socket: Socket }).socket);
  };
  subscribe('net.client.socket', opened);
  return () => ({ kafka: bytesOf(kafka), mongodb: bytesOf(mongodb) });
}

export function bytesOf(sockets: Iterable<Socket>): number {
  let bytes = 0;
  for (const socket of sockets) bytes += socket.bytesRead + socket.bytesWritten;
  return bytes;
}
