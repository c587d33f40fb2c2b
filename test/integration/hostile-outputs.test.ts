import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { codes } from '../../src/errors/codes.ts';
import { TintypeError } from '../../src/errors/tintype-error.ts';
import { optionFields } from '../../src/images/operations.ts';
import type { OutputOptions } from '../../src/images/output-options.ts';
import { postJob } from '../support/http-requests.ts';
import { photo } from '../support/photo.ts';
import { TestPool } from '../support/renderer-pool.ts';
import { type SeededNumbers, seededNumbers } from '../support/seeded-numbers.ts';
import { suiteService } from '../support/suite-service.ts';

const seed = 14;
const renders = 60;

/** What JSON Schema says of one field, as far as it is used here. */
interface Field {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Field[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, Field>>;
  readonly required?: readonly string[];
}

const fields = Object.entries(optionFields as Record<string, Field>);
/** Nothing of these is an option's value, but for a string or a number where one may stand. */
const odd = [
  null,
  [],
  {},
  '',
  '\0',
  'x'.repeat(5_000),
  -1,
  0.5,
  -0.1,
  1e308,
  -1e308,
  2 ** 53,
  [[]],
  { a: { b: 1 } },
];

suite('Outputs that ask for nonsense', () => {
  const service = suiteService();

  const post = async (field: string, value: unknown): Promise<number> => {
    const source = { url: 'http://images.invalid/a.jpg' };
    const { status, body } = await postJob(service, { source, outputs: [{ [field]: value }] });
    const what = `${field}: ${JSON.stringify(value)?.slice(0, 80)}`;
    if (status === 202) return status;
    assert.equal(status, 400, `${what}: ${JSON.stringify(body)}`);
    assert.equal(body.code, 'invalid-request', what);
    assert.ok(body.pointer.startsWith(`/outputs/0/${field}`), `${what}: ${body.pointer}`);
    return status;
  };

  test('are a 400 that names the field, whatever stands in it', async () => {
    for (const [field, schema] of [...fields, ['name', {}], ['filename', {}]] as [string, Field][]) {
      for (const value of odd) await post(field, value);
      for (const [minimum, maximum] of ranges(schema)) {
        assert.equal(await post(field, minimum - 1), 400, `${field} below ${minimum}`);
        assert.equal(await post(field, maximum + 1), 400, `${field} above ${maximum}`);
        assert.equal(await post(field, minimum), 202, `${field} of ${minimum}`);
        assert.equal(await post(field, maximum), 202, `${field} of ${maximum}`);
      }
    }
    for (const name of ['unknown', '__proto__', 'constructor', 'a/b', 'a~b', '']) {
      const body = `{"source":{"url":"http://images.invalid/a.jpg"},"outputs":[{${JSON.stringify(name)}:1}]}`;
      const answer = await postJob(service, body);
      assert.equal(answer.status, 400, name);
      const token = name.replaceAll('~', '~0').replaceAll('/', '~1');
      assert.equal(answer.body.pointer, `/outputs/0/${token}`);
    }
  });

  test('are never our fault where they are possible', async t => {
    await using renderers = await TestPool.create({ size: 2 });
    const source = renderers.file('a.jpg');
    await photo(320, 256).jpeg().toFile(source);
    const verdicts: Record<string, number> = {};
    for (let index = 0; index < renders; index++) {
      const options = someOptions(seededNumbers(seed + index));
      const verdict = await renderers.render(source, options).then(
        () => 'complete',
        (error: unknown) => {
          assert.ok(error instanceof TintypeError, `${JSON.stringify(options)}: ${error}`);
          const { status } = codes[error.code];
          assert.ok(
            status >= 400 && status < 500,
            `${JSON.stringify(options)}: ${error.code} ${error.cause}`,
          );
          // The photo is good: whatever went wrong is the output's fault.
          assert.notEqual(error.code, 'corrupt-image', `${JSON.stringify(options)}: ${error.cause}`);
          return error.code;
        },
      );
      verdicts[verdict] = (verdicts[verdict] ?? 0) + 1;
    }
    t.diagnostic(JSON.stringify(verdicts));
    assert.ok((verdicts.complete ?? 0) > 0);
  });
});

function ranges({ anyOf = [], minimum, maximum }: Field): (readonly [minimum: number, maximum: number])[] {
  const own = minimum === undefined || maximum === undefined ? [] : [[minimum, maximum] as const];
  return [...own, ...anyOf.flatMap(ranges)];
}

/** Three fields with values that fit the schema; large sizes are rare, as they only take time. */
function someOptions(next: SeededNumbers): OutputOptions {
  const options: Record<string, unknown> = {};
  for (let count = 0; count < 4; count++) {
    const [name, field] = fields[next(fields.length)] ?? ['', {}];
    if (name !== 'watermark' && name !== 'size') options[name] = someValue(field, next);
  }
  if (next(2) === 0) options.size = ['1x1', '1x900', '900x1', 'x3', '3x', '400x300'][next(6)];
  else if (options.width === undefined && options.height === undefined) options.width = 1 + next(300);
  // Tiles that are much smaller than what is looked at around them only take time, too.
  if (options.upscale) options.upscale = { ...options.upscale, patchSize: 64 + next(400), padding: next(17) };
  if (options.size !== undefined) {
    delete options.width;
    delete options.height;
  }
  return options as OutputOptions;
}

function someValue(field: Field, next: SeededNumbers): unknown {
  if (field.enum) return field.enum[next(field.enum.length)];
  if (field.anyOf) return someValue(field.anyOf[next(field.anyOf.length)] ?? {}, next);
  if (field.type === 'boolean') return next(2) === 0;
  if (field.type === 'object') {
    return Object.fromEntries(
      Object.entries(field.properties ?? {}).map(([name, each]) => [name, someValue(each, next)]),
    );
  }
  const { minimum, maximum } = field;
  if (minimum === undefined || maximum === undefined) return 'red';
  const value = [minimum, maximum, minimum + next(Math.min(400, maximum - minimum) + 1)][next(3)] ?? minimum;
  return Math.min(value, maximum, field.type === 'integer' ? 2_000 : maximum);
}
