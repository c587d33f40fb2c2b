import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { unknownNames } from '../../src/jobs/delivery-template.ts';
import { newEndpoint } from '../support/stored-deliveries.ts';
import { completeJob, found } from '../support/stored-jobs.ts';
import { startReceiver, verified } from '../support/webhook-receiver.ts';
import { endpointAt, hookSecret, openSetting } from '../support/webhook-setting.ts';

test('a template tells a chat in its own words', async () => {
  await using set = await openSetting();
  await using chat = await startReceiver();
  const template = {
    type: 'message',
    text: 'Job {{id}}: {{message}} ({{ filename }}, {{class}})',
    attachments: [{ size: 3, ok: true, text: '{{status}}' }],
  };
  await set.store.endpoints.create(newEndpoint({ ...endpointAt(chat.url), template }));
  const job = await completeJob(set.store, {
    source: { url: 'https://example.org/x', filename: 'a"\\ {{id}}\n.jpg' },
  });
  const [call] = await chat.received(1);
  assert.deepEqual(JSON.parse(found(call).body), {
    type: 'message',
    text: `Job ${job.id}: Complete. (a"\\ {{id}}\n.jpg, )`,
    attachments: [{ size: 3, ok: true, text: 'complete' }],
  });
  verified(found(call), hookSecret);
});

test('the templates of docs/webhooks.md are what chats take', async () => {
  await using set = await openSetting();
  await using chat = await startReceiver();
  const page = await readFile(new URL('../../docs/webhooks.md', import.meta.url), 'utf8');
  const blocks = [...page.matchAll(/```json\n([^`]*"template"[^`]*)```/g)].map(([, json = '']) =>
    JSON.parse(json),
  );
  const [slack, teams] = blocks.map(({ template }) => template);
  for (const template of [slack, teams]) {
    assert.deepEqual(unknownNames(template), []);
    await set.store.endpoints.create(newEndpoint({ ...endpointAt(chat.url), template }));
  }
  const job = await completeJob(set.store);
  const bodies = (await chat.received(2)).map(({ body }) => JSON.parse(body));
  assert.equal(
    bodies.find(({ text }) => text)?.text,
    slack.text
      .replace('{{id}}', job.id)
      .replace('{{message}}', 'Complete.')
      .replace('{{filename}}', 'cat.jpg'),
  );
  const [card] = bodies.find(({ type }) => type === 'message').attachments;
  assert.equal(card.contentType, 'application/vnd.microsoft.card.adaptive');
  assert.equal(card.content.body[0].text, `cat.jpg is done: /jobs/${job.id}/outputs/thumb`);
});
