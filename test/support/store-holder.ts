// A process of its own that opens a job store and does what it is told by its arguments: `<file> <exclusive> [number of jobs
// to submit at once]`.
// It says on standard output what it has done, and then stays until it is killed.
import { openSqlite } from '../../src/job-store/sqlite/sqlite.ts';
import { newJob } from './stored-jobs.ts';

const [file = '', exclusive, jobs] = process.argv.slice(2);
const store = await openSqlite({ file, exclusive: exclusive === 'true' });
if (jobs !== undefined) {
  const submitted = Array.from({ length: Number(jobs) }, () => store.jobs.submit(newJob()));
  const ids = (await Promise.all(submitted)).map(job => job.id);
  process.stdout.write(`${ids.join(' ')}\n`);
} else {
  process.stdout.write('open\n');
}
setInterval(() => {}, 60_000);
