import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deliveryBody, maxBodyBytes } from './delivery-body.ts';
import { templatedBody, unknownNames } from './delivery-template.ts';
import type { Job, JobOutput } from './job.ts';
import { Links } from './links.ts';

const id = '01900000-0000-7000-8000-000000000000';
const links = new Links('https://images.example.org/');

function endedJob(changes: Partial<Job> = {}): Job {
  return {
    id,
    owner: 'ann',
    status: 'complete',
    priority: 'normal',
    run: 1,
    attempts: 1,
    progress: 1,
    source: { url: 'https://example.org/a.jpg', filename: 'a.jpg' },
    outputs: [output('thumb')],
    submittedAt: 0,
    notBefore: 0,
    endedAt: 1_000,
    ...changes,
  };
}

function output(name: string, options: object = {}): JobOutput {
  const stored = { name, key: 'secret/key', width: 1, height: 1, bytes: 1, contentType: 'image/jpeg' };
  const sha256 = 'ab'.repeat(32);
  return { name, filename: `${name}.jpg`, options, status: 'complete', stored: { ...stored, sha256 } };
}

test('tells the job as it is shown, with absolute links where the public address is known', () => {
  const body = JSON.parse(deliveryBody('job.complete', endedJob({ metadata: { order: 1 } }), links));
  assert.deepEqual([body.type, body.timestamp], ['job.complete', '1970-01-01T00:00:01.000Z']);
  assert.equal(body.data.location, `https://images.example.org/jobs/${id}/outputs/thumb`);
  assert.deepEqual(body.data.metadata, { order: 1 });
  assert.equal(body.data.truncated, undefined);
  assert.ok(!JSON.stringify(body).includes('secret/key'));
  const relative = JSON.parse(deliveryBody('job.complete', endedJob(), new Links()));
  assert.equal(relative.data.location, `/jobs/${id}/outputs/thumb`);
});

test('is always below 20 kB: first details of outputs go, then metadata, then more, and it says so', () => {
  const outputs = Array.from({ length: 20 }, (_, index) =>
    output(`${index}`, { watermark: 'ü'.repeat(500) }),
  );
  const metadata = (characters: number) => ({ text: 'x'.repeat(characters) });
  const longUrl = { url: `https://example.org/${'y'.repeat(8_000)}`, filename: 'ß'.repeat(120) };
  const longNames = outputs.map(each => ({ ...each, name: 'n'.repeat(64), filename: '"'.repeat(255) }));
  const failure = { code: 'internal', message: '\u0001'.repeat(30_000) } as const;
  const tell = (changes: Partial<Job>) => {
    const text = deliveryBody('job.complete', endedJob(changes), links);
    assert.ok(Buffer.byteLength(text) < maxBodyBytes, `${Buffer.byteLength(text)}`);
    assert.equal(text, deliveryBody('job.complete', endedJob(changes), links));
    const { data } = JSON.parse(text);
    assert.equal(data.truncated, true);
    assert.equal(data.id, id);
    return data;
  };
  const brief = tell({ outputs, metadata: metadata(1_000) });
  assert.deepEqual([brief.outputs.length, brief.metadata], [20, metadata(1_000)]);
  assert.equal(brief.outputs[3].location, `https://images.example.org/jobs/${id}/outputs/3`);
  assert.equal(brief.outputs[3].watermark, undefined);
  const bare = tell({ outputs, metadata: metadata(16_000) });
  assert.deepEqual([bare.outputs.length, bare.metadata], [20, null]);
  const sourceless = tell({ outputs: longNames, metadata: metadata(16_000), source: longUrl });
  assert.equal(sourceless.source.url, undefined);
  const least = tell({ status: 'failed', failure, outputs: longNames, source: longUrl });
  assert.deepEqual(least.outputs, []);
});

test('a template takes values only where it names them, and nothing out of its strings', () => {
  const template = { '{{id}}': ['{{status}} {{ code }}', 7, null, { deep: '{{location}}{{filename}}' }] };
  const nasty = endedJob({ source: { url: 'https://a/', filename: '","x":"{{owner}}' } });
  assert.deepEqual(JSON.parse(templatedBody(template, 'job.complete', nasty, links)), {
    '{{id}}': [
      'complete 200',
      7,
      null,
      { deep: `https://images.example.org/jobs/${id}/outputs/thumb","x":"{{owner}}` },
    ],
  });
  assert.deepEqual(unknownNames({ a: '{{id}} {{secret}}', b: ['{{}}'] }), ['secret', '']);
});

test('a filled template is below 20 kB too', () => {
  const template = { text: '{{filename}}'.repeat(600) };
  const long = endedJob({ source: { url: 'https://a/', filename: 'ü'.repeat(127) } });
  assert.ok(Buffer.byteLength(templatedBody(template, 'job.complete', long, links)) < maxBodyBytes);
});
