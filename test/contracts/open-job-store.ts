import { describe } from 'node:test';
import type { OpenDatabaseForTest } from '../support/stored-jobs.ts';
import { attemptStoreContract } from './attempt-store.ts';
import { auditStoreContract } from './audit-store.ts';
import { callsAtOnce } from './calls-at-once.ts';
import { deliveryLogContract } from './delivery-log.ts';
import { deliveryStoreContract } from './delivery-store.ts';
import { eventLogContract } from './event-log.ts';
import { expiryStoreContract } from './expiry-store.ts';
import { failedJobStoreContract } from './failed-job-store.ts';
import { groupEndsContract } from './group-ends.ts';
import { groupOrderContract } from './group-order.ts';
import { groupStorm } from './group-storm.ts';
import { idempotencyStoreContract } from './idempotency-store.ts';
import { intakeStoreContract } from './intake-store.ts';
import { jobStoreContract } from './job-store.ts';
import { keyStoreContract } from './key-store.ts';
import { leaseStoreContract } from './lease-store.ts';
import { partialUploadStoreContract } from './partial-upload-store.ts';
import { statisticsStoreContract } from './statistics-store.ts';
import { storedTablesContract } from './stored-tables.ts';
import { uploadStoreContract } from './upload-store.ts';
import { webhookEndpointStoreContract } from './webhook-endpoint-store.ts';

/** Everything that the stores of one database promise, whichever database that is. */
export function openJobStoreContract(open: OpenDatabaseForTest): void {
  describe('jobs', () => jobStoreContract(open));
  describe('attempts', () => attemptStoreContract(open));
  describe('calls at the same time', () => callsAtOnce(open));
  describe('intake', () => intakeStoreContract(open));
  describe('groups', () => groupEndsContract(open));
  describe('groups in order', () => groupOrderContract(open));
  describe('groups in a storm', () => groupStorm(open));
  describe('uploads', () => uploadStoreContract(open));
  describe('failed jobs', () => failedJobStoreContract(open));
  describe('idempotency keys', () => idempotencyStoreContract(open));
  describe('statistics', () => statisticsStoreContract(open));
  describe('keys', () => keyStoreContract(open));
  describe('uploads in pieces', () => partialUploadStoreContract(open));
  describe('events', () => eventLogContract(open));
  describe('webhook endpoints', () => webhookEndpointStoreContract(open));
  describe('deliveries', () => deliveryStoreContract(open));
  describe('the delivery log', () => deliveryLogContract(open));
  describe('expiry', () => expiryStoreContract(open));
  describe('leases', () => leaseStoreContract(open));
  describe('all tables', () => storedTablesContract(open));
  describe('audit', () => auditStoreContract(open));
}
