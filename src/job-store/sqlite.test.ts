import { describe } from 'node:test';
import { attemptStoreContract } from '../../test/contracts/attempt-store.ts';
import { auditStoreContract } from '../../test/contracts/audit-store.ts';
import { eventLogContract } from '../../test/contracts/event-log.ts';
import { expiryStoreContract } from '../../test/contracts/expiry-store.ts';
import { jobStoreContract } from '../../test/contracts/job-store.ts';
import { keyStoreContract } from '../../test/contracts/key-store.ts';
import { leaseStoreContract } from '../../test/contracts/lease-store.ts';
import { uploadStoreContract } from '../../test/contracts/upload-store.ts';
import { openTestSqlite } from '../../test/support/sqlite-file.ts';

describe('the job store on SQLite', () => {
  describe('jobs', () => jobStoreContract(openTestSqlite));
  describe('attempts', () => attemptStoreContract(openTestSqlite));
  describe('uploads', () => uploadStoreContract(openTestSqlite));
  describe('keys', () => keyStoreContract(openTestSqlite));
  describe('events', () => eventLogContract(openTestSqlite));
  describe('expiry', () => expiryStoreContract(openTestSqlite));
  describe('leases', () => leaseStoreContract(openTestSqlite));
  describe('audit', () => auditStoreContract(openTestSqlite));
});
