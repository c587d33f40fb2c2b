import { describe } from 'node:test';
import { openJobStoreContract } from '../../../test/contracts/open-job-store.ts';
import { openTestSqlite } from '../../../test/support/sqlite-file.ts';

describe('the job store on SQLite', () => openJobStoreContract(openTestSqlite));
