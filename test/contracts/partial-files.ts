import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { it } from 'node:test';
import { v7 as uuidv7 } from 'uuid';
import type { ObjectStore } from '../../src/jobs/object-store.ts';
import type { KeptBytes, PartialFile, PartialFiles } from '../../src/jobs/partial-files.ts';
import { uploadKey } from '../../src/jobs/upload-store.ts';

/** Two processes' views of one empty place, and its end. */
export interface OpenPartialFiles extends AsyncDisposable {
  readonly objects: ObjectStore;
  readonly partialFiles: PartialFiles;
  /** As another process has it. */
  readonly others: PartialFiles;
  /** Whatever is there: objects, pieces, files. */
  everything(): Promise<string[]>;
}

const mebibyte = 1_048_576;
const nothing: KeptBytes = { received: 0, pieces: [] };
const content = randomBytes(12 * mebibyte + 345);

/** What every place for the pieces of uploads must do. */
export function partialFilesContract(open: () => Promise<OpenPartialFiles>): void {
  it('makes an object of bytes that came in pieces of any size, each to another process', async () => {
    await using opened = await open();
    const { objects, partialFiles, others } = opened;
    const part = 5 * mebibyte;
    for (const ends of [
      [1],
      [part],
      [part - 1, part, part + 1],
      [100, part + 7, 2 * part],
      [70_000, 70_001, 6 * mebibyte, content.length],
    ]) {
      const id = uuidv7();
      const bytes = ends.at(-1) ?? 0;
      let kept = nothing;
      for (const [turn, end] of ends.entries()) {
        const whose = turn % 2 === 0 ? partialFiles : others;
        kept = await write(await whose.open(id, bytes, kept), kept.received, end);
        assert.equal(kept.received, end);
      }
      await others.complete(id, kept);
      assert.ok((await stored(objects, id)).equals(content.subarray(0, bytes)));
      assert.deepEqual(await opened.everything(), [uploadKey(id)], 'nothing is left beside it');
      await partialFiles.complete(id, kept);
      assert.ok((await stored(objects, id)).equals(content.subarray(0, bytes)), 'again does no harm');
      await partialFiles.delete([id]);
      assert.deepEqual(await opened.everything(), []);
    }
  });

  it('says on the way what is durable already', async () => {
    await using opened = await open();
    const file = await opened.partialFiles.open(uuidv7(), content.length, nothing);
    let last = nothing;
    for (let at = 0; at < content.length; at += 65_536) {
      const kept = await file.append(content.subarray(at, at + 65_536));
      if (kept === undefined) continue;
      assert.ok(kept.received > last.received && kept.received <= at + 65_536);
      last = kept;
    }
    assert.ok(content.length - last.received < 10 * mebibyte);
    await file.close(last);
  });

  it('shows the first bytes while they come, and afterwards', async () => {
    await using opened = await open();
    const { partialFiles, others } = opened;
    const id = uuidv7();
    const file = await partialFiles.open(id, content.length, nothing);
    await file.append(content.subarray(0, 3000));
    assert.ok((await file.head(1000)).equals(content.subarray(0, 1000)));
    assert.ok((await file.head(9000)).equals(content.subarray(0, 3000)));
    const kept = await file.sync();
    await file.close(kept);
    const again = await others.open(id, content.length, kept);
    await again.append(content.subarray(3000, 6 * mebibyte));
    assert.ok((await again.head(9000)).equals(content.subarray(0, 9000)));
    await again.close(kept);
  });

  it('goes on behind what counts, and forgets what does not', async () => {
    await using opened = await open();
    const { objects, partialFiles, others } = opened;
    const id = uuidv7();
    const kept = await write(await partialFiles.open(id, content.length, nothing), 0, 5000);
    const before = await opened.everything();
    // Such as a piece whose checksum was wrong.
    const wrong = await partialFiles.open(id, content.length, kept);
    await wrong.append(Buffer.alloc(7 * mebibyte, 'wrong'));
    await wrong.sync();
    await wrong.close(kept);
    assert.deepEqual(await opened.everything(), before);
    // Such as one of a process that died.
    const killed = await partialFiles.open(id, content.length, kept);
    await killed.append(Buffer.alloc(7 * mebibyte, 'wrong'));
    await killed.sync();
    await killed.close(undefined);
    const whole = await write(await others.open(id, content.length, kept), 5000, content.length);
    await others.complete(id, whole);
    assert.ok((await stored(objects, id)).equals(content));
    assert.deepEqual(await opened.everything(), [uploadKey(id)]);
  });

  it('keeps what was written before a request was broken off', async () => {
    await using opened = await open();
    const { objects, partialFiles, others } = opened;
    const id = uuidv7();
    let kept = nothing;
    for (let broken = 1; broken <= 4; broken += 1) {
      const file = await partialFiles.open(id, content.length, kept);
      kept = await write(file, kept.received, broken * 1_700_000);
    }
    kept = await write(await others.open(id, content.length, kept), kept.received, content.length);
    await partialFiles.complete(id, kept);
    assert.ok((await stored(objects, id)).equals(content));
  });

  it('deletes all of an upload, and of no other', async () => {
    await using opened = await open();
    const { partialFiles, others } = opened;
    const [id, neighbour] = [uuidv7(), uuidv7()];
    for (const each of [id, neighbour]) {
      await write(await partialFiles.open(each, content.length, nothing), 0, 6 * mebibyte);
    }
    const all = await opened.everything();
    await others.delete([id, uuidv7()]);
    const left = await opened.everything();
    assert.deepEqual(
      left,
      all.filter(name => name.includes(neighbour)),
    );
    assert.ok(left.length > 0 && left.length < all.length);
    await others.delete([neighbour]);
    await others.delete([neighbour]);
    assert.deepEqual(await opened.everything(), []);
  });

  it('does not go on where bytes are missing', async () => {
    await using opened = await open();
    const { partialFiles } = opened;
    const id = uuidv7();
    const kept = await write(await partialFiles.open(id, content.length, nothing), 0, 5000);
    await partialFiles.delete([id]);
    const missing = { code: 'storage-unavailable' };
    await assert.rejects(partialFiles.open(id, content.length, kept), missing);
    const unknown = { received: 5000, pieces: [] };
    await assert.rejects(partialFiles.open(uuidv7(), content.length, unknown), missing);
    await assert.rejects(partialFiles.complete(id, { ...kept, received: content.length }), missing);
  });
}

/** Writes the content up to there and closes the file; all of it counts. */
async function write(file: PartialFile, from: number, to: number): Promise<KeptBytes> {
  for (let at = from; at < to; at += 65_536)
    await file.append(content.subarray(at, Math.min(to, at + 65_536)));
  const kept = await file.sync();
  await file.close(kept);
  return kept;
}

async function stored(objects: ObjectStore, id: string): Promise<Buffer> {
  return buffer(await objects.read(uploadKey(id)));
}
