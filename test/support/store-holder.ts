// A process of its own that opens a job store and does what it is told by its arguments: `<file> <exclusive> [submit]`.
// It says on standard output what it has done, and then stays until it is killed.
import { openSqlite } from '../../src/job-store/sqlite.ts';
import { newJob } from './stored-jobs.ts';

const [file = '', exclusive, task] = process.argv.slice(2);
const store = await openSqlite({ file, exclusive: exclusive === 'true' });
if (task === 'submit') {
  const { id } = await store.jobs.submit(newJob());
  process.stdout.write(`${id}\n`);
} else {
  process.stdout.write('open\n');
}
setInterval(() => {}, 60_000);
