import { describe } from 'node:test';
import { attemptStoreContract } from '../../test/contracts/attempt-store.ts';
import { eventLogContract } from '../../test/contracts/event-log.ts';
import { jobStoreContract } from '../../test/contracts/job-store.ts';
import { partialUploadStoreContract } from '../../test/contracts/partial-upload-store.ts';
import { uploadStoreContract } from '../../test/contracts/upload-store.ts';
import { openTestSqlite } from '../../test/support/sqlite-file.ts';

describe('the job store on SQLite', () => {
  describe('jobs', () => jobStoreContract(openTestSqlite));
  describe('attempts', () => attemptStoreContract(openTestSqlite));
  describe('uploads', () => uploadStoreContract(openTestSqlite));
  describe('uploads in pieces', () => partialUploadStoreContract(openTestSqlite));
  describe('events', () => eventLogContract(openTestSqlite));
});
