import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from '../support/temporary-folder.ts';

const program = fileURLToPath(new URL('../support/group-process.ts', import.meta.url));
const events = 240;
/** When it is killed after its start, in milliseconds: anywhere between the first event and the last message. */
const kills = [150, 300, 450, 600, 750, 900];

test('each event is answered by one message, however often the process is killed', async () => {
  await using folder = await temporaryFolder();
  const [database, log] = ['jobs.db', 'log'].map(name => path.join(folder.path, name)) as [string, string];
  for (const ms of kills) {
    const { child, exit } = await startProcess(database, log);
    await setTimeout(ms);
    child.kill('SIGKILL');
    await exit;
    endLeases(database);
  }
  const last = await startProcess(database, log);
  assert.deepEqual(await last.exit, [0, null]);
  const lines = (await readFile(log, 'utf8')).trimEnd().split('\n');
  const entries = lines.filter(line => line.endsWith('}')).map(line => JSON.parse(line));
  const messages = entries.filter(entry => entry.message !== undefined);
  const byUrl = Map.groupBy(messages, ({ text }) => JSON.parse(text).original_url as string);
  assert.equal(byUrl.size, events);
  for (const [url, told] of byUrl) {
    assert.equal(new Set(told.map(({ message, text }) => `${message} ${text}`)).size, 1, url);
    assert.equal(JSON.parse(told[0].text).success, true);
  }
  const firstMessage = new Map<string, number>();
  for (const [index, { text }] of entries.entries()) {
    const key = text === undefined ? undefined : (JSON.parse(text).object_key as string);
    if (key !== undefined && !firstMessage.has(key)) firstMessage.set(key, index);
  }
  for (const [key, index] of firstMessage) {
    const copied = entries.findIndex(entry => entry.copy === key);
    assert.ok(copied >= 0 && copied < index, `${key} was copied before it was told`);
  }
  assert.equal(firstMessage.size, events);
  checkOrder(entries);
});

async function startProcess(database: string, log: string) {
  const child = spawn(process.execPath, [program, database, log, String(events)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exit = once(child, 'exit');
  await Promise.race([once(child.stdout, 'data'), exit]);
  return { child, exit };
}

/** As if the time had passed for which a dead relay keeps its deliveries. */
function endLeases(file: string): void {
  using database = new DatabaseSync(file);
  database.exec('update deliveries set due_at = 0 where leased = 1');
}

/** Under one order key the first messages come in the order of the events. */
function checkOrder(entries: readonly { text?: string }[]): void {
  const seen = new Map<number, number[]>();
  for (const { text } of entries) {
    if (text === undefined) continue;
    const event = JSON.parse(text).user_image.id as number;
    if (event % 3 !== 0) continue;
    const before = seen.get(event % 4) ?? [];
    if (!before.includes(event)) seen.set(event % 4, [...before, event]);
  }
  for (const order of seen.values()) {
    assert.deepEqual(
      order,
      order.toSorted((a, b) => a - b),
    );
  }
}
