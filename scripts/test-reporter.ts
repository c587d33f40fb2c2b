import { Readable } from 'node:stream';
import { spec, type TestEvent } from 'node:test/reporters';
import { notTested } from '../test/support/test-data.ts';

/** Node's spec reporter; just before its summary stands what could not be tested here. */
// biome-ignore lint/style/noDefaultExport: Node loads a reporter by its default export.
export default async function* report(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  yield* Readable.from(withNotTested(events)).compose(new spec());
}

async function* withNotTested(events: AsyncIterable<TestEvent>): AsyncGenerator<TestEvent> {
  const leftOut: string[] = [];
  for await (const event of events) {
    if (event.type === 'test:stdout' && event.data.message.startsWith(notTested)) {
      leftOut.push(event.data.message.trim());
      continue;
    }
    if (isSummaryStart(event)) {
      for (const message of leftOut.splice(0))
        yield { ...event, data: { ...event.data, message, level: 'warn' } };
    }
    yield event;
  }
}

/** The summary is a row of diagnostics of the whole run: tests 12, suites 0, pass 12, … */
function isSummaryStart(event: TestEvent): event is TestEvent & { type: 'test:diagnostic' } {
  return (
    event.type === 'test:diagnostic' && event.data.nesting === 0 && /^tests \d+$/.test(event.data.message)
  );
}
