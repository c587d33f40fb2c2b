import { createSocket } from 'node:dgram';
import { promises as dns, type LookupAddress } from 'node:dns';
import { once } from 'node:events';
import { isIPv4 } from 'node:net';
import ipaddr from 'ipaddr.js';

const types = { A: 1, CNAME: 5, AAAA: 28 } as const;
const [classIn, seconds, pointerToQuestion] = [1, 0, 0xc00c];

/** A real name server on 127.0.0.1, whose answers a test decides. */
export interface DnsServer extends AsyncDisposable {
  /** All addresses of a name, asked of this server; rejects with `ENOTFOUND` where there is none. */
  resolve(hostname: string): Promise<LookupAddress[]>;
}

/** @param records a name's addresses as of now; one that is no address is the name that it is a CNAME of */
export async function startDnsServer(records: (hostname: string) => readonly string[]): Promise<DnsServer> {
  const socket = createSocket('udp4');
  socket.on('message', (query, from) => socket.send(answer(query, records), from.port, from.address));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const resolver = new dns.Resolver({ timeout: 2000, tries: 1 });
  resolver.setServers([`127.0.0.1:${socket.address().port}`]);
  return {
    async resolve(hostname) {
      const [v4, v6] = await Promise.allSettled([resolver.resolve4(hostname), resolver.resolve6(hostname)]);
      const found = [v4, v6].flatMap(({ status, ...rest }) => ('value' in rest ? rest.value : []));
      if (found.length > 0) return found.map(address => ({ address, family: isIPv4(address) ? 4 : 6 }));
      throw Object.assign(new Error(`no address of ${hostname}`), { code: 'ENOTFOUND' });
    },
    async [Symbol.asyncDispose]() {
      resolver.cancel();
      socket.close();
      await once(socket, 'close');
    },
  };
}

/** RFC 1035, 4.1: header, the question as it came, and its records of the type that was asked for. */
function answer(query: Buffer, records: (hostname: string) => readonly string[]): Buffer {
  const { hostname, end } = readName(query);
  const asked = query.readUInt16BE(end);
  const question = query.subarray(12, end + 4);
  const lines = recordsOf(hostname, asked, pointerToQuestion, records);
  const header = Buffer.alloc(12);
  query.copy(header, 0, 0, 2);
  header.writeUInt16BE(0x8180, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(lines.length, 6);
  return Buffer.concat([header, question, ...lines]);
}

function recordsOf(
  hostname: string,
  asked: number,
  owner: number | Buffer,
  records: (hostname: string) => readonly string[],
): Buffer[] {
  return records(hostname).flatMap(data => {
    if (!ipaddr.isValid(data)) {
      const name = writeName(data);
      return [record(owner, types.CNAME, name), ...recordsOf(data, asked, name, records)];
    }
    const type = isIPv4(data) ? types.A : types.AAAA;
    return type === asked ? [record(owner, type, Buffer.from(ipaddr.parse(data).toByteArray()))] : [];
  });
}

function record(owner: number | Buffer, type: number, data: Buffer): Buffer {
  const head = Buffer.alloc(10);
  head.writeUInt16BE(type, 0);
  head.writeUInt16BE(classIn, 2);
  head.writeUInt32BE(seconds, 4);
  head.writeUInt16BE(data.length, 8);
  const name = typeof owner === 'number' ? Buffer.from([owner >> 8, owner & 0xff]) : owner;
  return Buffer.concat([name, head, data]);
}

function readName(query: Buffer): { hostname: string; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { hostname: labels.join('.').toLowerCase(), end: at + 1 };
}

function writeName(name: string): Buffer {
  const labels = name
    .split('.')
    .map(label => Buffer.from(`${String.fromCharCode(label.length)}${label}`, 'latin1'));
  return Buffer.concat([...labels, Buffer.from([0])]);
}
