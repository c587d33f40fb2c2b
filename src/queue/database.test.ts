import { describe } from 'node:test';
import { jobQueueContract } from '../../test/contracts/job-queue.ts';
import { openTestSqlite } from '../../test/support/sqlite-file.ts';
import { newJob } from '../../test/support/stored-jobs.ts';
import { DatabaseQueue } from './database.ts';

describe('the job queue without a broker', () => {
  jobQueueContract(async () => {
    const database = await openTestSqlite();
    const queues: DatabaseQueue[] = [];
    return {
      async open() {
        const queue = new DatabaseQueue(database.store.changes);
        queues.push(queue);
        return queue;
      },
      async submit(queue, jobs) {
        await Promise.all(Array.from({ length: jobs }, () => database.store.jobs.submit(newJob())));
        queue.ring(jobs);
      },
      async [Symbol.asyncDispose]() {
        for (const queue of queues) await queue.close();
        await database[Symbol.asyncDispose]();
      },
    };
  });
});
