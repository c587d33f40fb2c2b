import { appendFileSync } from 'node:fs';
import { KafkaDriver } from '../../src/deliveries/kafka.ts';
import { openSqlite } from '../../src/job-store/sqlite/sqlite.ts';
import { startRelay } from './relaying.ts';
import { newGroup, newPart } from './stored-groups.ts';
import { completed, failed, ref } from './stored-jobs.ts';

/*
 * A process to be killed: takes the same events each time it starts, works on their jobs and tells of them, until all is
 * told. `group-process.ts <database> <log> <events>`; each line of the log is a copy or a message that went out.
 */
const [file = '', log = '', events = ''] = process.argv.slice(2);
const leaseMs = 200;
const wait = () => new Promise(resolve => setTimeout(resolve, 5));
const note = (line: object) => appendFileSync(log, `${JSON.stringify(line)}\n`);

const store = await openSqlite({ file, exclusive: true });
await store.migrate();
const publisher = {
  async publish({ id, bytes }: { id: string; bytes: Uint8Array }) {
    await wait();
    note({ message: id, text: Buffer.from(bytes).toString() });
  },
};
const encode = async (_topic: string, record: object) => Buffer.from(JSON.stringify(record));
const relaying = startRelay(store, {
  drivers: { kafka: new KafkaDriver(publisher, encode) },
  exports: {
    url: 'https://exports.example.org',
    async copy(objectKey, { key }) {
      await wait();
      note({ copy: key, objectKey });
    },
  },
});

/** Every third has an order key, every fifth a second part that fails. */
function groupOf(event: number) {
  const first = newPart('image');
  const second = event % 5 === 0 ? [newPart('poster', { class: 'bad' })] : [];
  const userImage = { id: event, url: `https://example.org/${event}.jpg` };
  return newGroup({
    eventKey: `event-${event}`,
    ...(event % 3 === 0 && { orderKey: `order-${event % 4}` }),
    jobs: [first, ...second],
    context: { kind: 'processed-image', userImage, configuration: {} },
    exports: [{ part: 'image', output: 'thumb', bucket: 'out', key: `${event}` }],
  });
}

async function submitAll(): Promise<void> {
  const numbers = Array.from({ length: Number(events) }, (_, event) => event);
  for (let start = 0; start < numbers.length; start += 20) {
    await store.intake.submitGroups(numbers.slice(start, start + 20).map(groupOf));
    await wait();
  }
}

async function workOnce(): Promise<void> {
  await store.attempts.expireLeases(1_000);
  await store.attempts.readyDue();
  const claims = await store.attempts.claim('worker', 8, leaseMs);
  await Promise.all(
    claims.map(async claim => {
      await wait();
      await store.attempts.end(ref(claim), claim.job.class === 'bad' ? failed : completed(claim));
    }),
  );
}

let isSubmitted = false;
const submitting = submitAll().then(() => {
  isSubmitted = true;
});
process.stdout.write('started\n');
for (;;) {
  const wasSubmitted = isSubmitted;
  await workOnce();
  const { pending, processing } = await store.jobs.backlog();
  const told = await store.deliveries.backlog();
  if (wasSubmitted && pending + processing + told.pending === 0) break;
  await wait();
}
await submitting;
await relaying[Symbol.asyncDispose]();
await store.close();
