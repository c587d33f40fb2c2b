// Starts the Kafka broker and the MongoDB of the tests on this machine, compares batch and stream on them, and writes
// docs/leaf-comparison.md: `npm run compare:leaf`. Options go to `tintype leaf compare`.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { freshLeafVariables, startLeafServers } from '../test/support/leaf.ts';
import { launcher } from '../test/support/program.ts';

const sizes = [
  '--records',
  '1000,300,3000',
  '--changes-per-minute',
  '12,3,48',
  '--duration',
  '30m',
  '--scale',
  '60',
];
const options = process.argv.length > 2 ? process.argv.slice(2) : sizes;
await using servers = await startLeafServers();
const { LOG_LEVEL, ...variables } = await freshLeafVariables(servers);
const child = spawn(process.execPath, [launcher, 'leaf', 'compare', ...options], {
  cwd: path.dirname(import.meta.dirname),
  env: { ...process.env, ...variables },
  stdio: 'inherit',
});
const [code] = await once(child, 'exit');
process.exitCode = code ?? 1;
