import path from 'node:path';
import { MongoClient } from 'mongodb';
import { pythonWith } from './python-environment.ts';
import { RestartableServer } from './restartable-server.ts';

const packages = [
  ['SecantusDB==0.7.0b3', 'pymongo==4.20.0', 'python-dateutil==4.0.0', 's2sphere==0.2.5', 'shapely==2.2.0'],
];

/** MongoDB's protocol by SecantusDB; undefined where it can't be had. What it has acknowledged survives its death. */
export async function startSecantusDb(): Promise<RestartableServer | undefined> {
  const python = await pythonWith('secantusdb-0.7.0b3', packages, 'SecantusDB');
  if (python === undefined) return undefined;
  return RestartableServer.start((folder, port) => ({
    command: python,
    args: [
      path.join(path.dirname(python), 'secantusd-py'),
      ...['--host', '127.0.0.1', '--port', String(port), '--storage-path', path.join(folder, 'data')],
      ...['--cache-size', '128M', '--log-level', 'WARNING', '--sync-on-commit'],
    ],
    isReady: async () => {
      await using client = new MongoClient(secantusUrl({ port }, 'admin'), { serverSelectionTimeoutMS: 500 });
      return (await client.db().command({ ping: 1 })).ok === 1;
    },
  }));
}

/** The URL of a database of its own. */
export function secantusUrl({ port }: Pick<RestartableServer, 'port'>, database: string): string {
  return `mongodb://127.0.0.1:${port}/${database}?directConnection=true`;
}
