import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TintypeError } from '../../src/errors/tintype-error.ts';
import { photo } from '../support/photo.ts';
import { Pipeline } from '../support/pipeline.ts';
import { withMethods } from '../support/with-methods.ts';

const image = await photo(600, 400).jpeg().toBuffer();

test('a worker that comes back after its lease was taken over stores no result', async () => {
  await using pipeline = await Pipeline.open({ leaseMs: 300 });
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  const { promise: arrived, resolve: arrive } = Promise.withResolvers<void>();
  // The first worker hangs where it stores its result, and its heartbeats don't arrive.
  const hanging = withMethods(pipeline.objects, {
    adopt: async (key, file) => {
      arrive();
      await gate;
      await pipeline.objects.adopt(key, file);
    },
  });
  const { attempts } = pipeline.store;
  const deaf = {
    ...attempts,
    renew: async (held: never[]) => held,
    stillHeld: async (held: never[]) => held,
  };
  const stale = pipeline.startWorker({ objects: hanging, attempts: deaf as unknown as typeof attempts });
  const { id } = await pipeline.submit(image);
  await arrived;
  const stopped = stale.stop();
  pipeline.sweeper.start();
  pipeline.startWorker();
  const job = await pipeline.reaches(id, 'complete');
  open();
  await stopped;
  await pipeline.sweeper.stop();
  await pipeline.sweeper.clean();
  assert.equal(job.outputs[0]?.stored?.key, `jobs/${id}/2/thumb.jpg`);
  assert.deepEqual(await pipeline.store.jobs.get(id), job);
  assert.deepEqual(await pipeline.leftInStore(), [`jobs/${id}/2/thumb.jpg`]);
});

test('a worker that notices while it stores its result that another has taken over leaves nothing', async () => {
  await using pipeline = await Pipeline.open({ leaseMs: 300 });
  const arrived = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const noticed = Promise.withResolvers<void>();
  const hanging = withMethods(pipeline.objects, {
    adopt: async (key, file) => {
      arrived.resolve();
      await gate.promise;
      await pipeline.objects.adopt(key, file);
    },
  });
  let isDeaf = true;
  const hear = async (method: 'renew' | 'stillHeld', held: never[], leaseMs: number) => {
    if (isDeaf) return held;
    const kept = await pipeline.store.attempts[method](held, leaseMs);
    if (kept.length === 0) noticed.resolve();
    return kept;
  };
  const stale = pipeline.startWorker({
    objects: hanging,
    attempts: withMethods(pipeline.store.attempts, {
      renew: (held, leaseMs) => hear('renew', held as never[], leaseMs),
      stillHeld: held => hear('stillHeld', held as never[], 0),
    }),
  });
  const { id } = await pipeline.submit(image);
  await arrived.promise;
  const stopped = stale.stop();
  pipeline.sweeper.start();
  pipeline.startWorker();
  await pipeline.reaches(id, 'complete');
  await pipeline.sweeper.stop();
  // What the first attempt left counts as swept from now on.
  await pipeline.sweeper.clean();
  isDeaf = false;
  await noticed.promise;
  gate.resolve();
  await stopped;
  assert.deepEqual(await pipeline.leftInStore(), [`jobs/${id}/2/thumb.jpg`]);
});

test('a result stays when the answer to its end is lost and the job is found ended before it is asked again', async () => {
  await using pipeline = await Pipeline.open();
  const { attempts } = pipeline.store;
  let ends = 0;
  const worker = pipeline.startWorker({
    attempts: withMethods(attempts, {
      end: async (claim, end) => {
        ends += 1;
        const held = await attempts.end(claim, end);
        if (ends === 1) throw new TintypeError('storage-unavailable', 'The answer is lost.');
        return held;
      },
    }),
  });
  const { id } = await pipeline.submit(image);
  await pipeline.reaches(id, 'complete');
  await worker.stop();
  assert.equal(ends, 2);
  assert.deepEqual(await pipeline.leftInStore(), [`jobs/${id}/1/thumb.jpg`]);
});
