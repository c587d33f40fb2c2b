import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { pino } from 'pino';
import { TintypeError } from '../errors/tintype-error.ts';
import { EngineWatch } from './engine-watch.ts';

class Engine {
  isAway = false;
  readonly #answer = 'here';
  readonly part = { ask: async () => this.ask() };

  async ask(): Promise<string> {
    const cause = new Error('connect ECONNREFUSED 127.0.0.1:5432');
    if (this.isAway) throw new TintypeError('storage-unavailable', 'The engine is away.', { cause });
    return this.#answer;
  }

  async refuse(): Promise<never> {
    throw new TintypeError('not-found', 'There is none.');
  }
}

test('an outage is one line with its reason when it begins, and one when it is over', async () => {
  const lines: Record<string, unknown>[] = [];
  const log = new Writable({
    write(line, _encoding, done) {
      lines.push(JSON.parse(String(line)));
      log.emit('line');
      done();
    },
  });
  const engine = new Engine();
  const watch = new EngineWatch(
    'the engine',
    () => engine.ask(),
    pino({ base: null, timestamp: false }, log),
  );
  const watched = watch.over(engine);
  assert.equal(await watched.ask(), 'here');
  await assert.rejects(watched.refuse());
  assert.deepEqual(lines, []);

  engine.isAway = true;
  for (let question = 0; question < 5; question += 1) {
    await assert.rejects(watched.ask());
    await assert.rejects(watched.part.ask());
  }
  const reason = 'The engine is away. (connect ECONNREFUSED 127.0.0.1:5432)';
  assert.deepEqual(lines, [{ level: 40, reason, msg: 'the engine is away' }]);

  engine.isAway = false;
  await once(log, 'line');
  assert.deepEqual(lines.slice(1), [{ level: 30, msg: 'the engine is back' }]);
  watch.close();
});
