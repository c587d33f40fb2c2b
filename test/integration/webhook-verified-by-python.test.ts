import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { newSigningSecret } from '../../src/secrets/signing-secret.ts';
import { startRelay, testSecrets } from '../support/relaying.ts';
import { pythonWith } from '../support/servers/python-environment.ts';
import { openTestSqlite } from '../support/sqlite-file.ts';
import { completeJob, found } from '../support/stored-jobs.ts';
import { type ReceivedCall, startReceiver } from '../support/webhook-receiver.ts';

/** As a receiver in Python does it; prints the type of what it was told, or fails. */
const verify = `
import json, sys
from standardwebhooks import Webhook
call = json.load(sys.stdin)
print(Webhook(call["secret"]).verify(call["body"], call["headers"])["type"])
`;

const run = promisify(execFile);

test('the Standard Webhooks library of Python verifies what we sign, and nothing else', async () => {
  const python = await pythonWith(
    'standardwebhooks-1.1.0',
    [['standardwebhooks==1.1.0']],
    'webhooks verified by a library for Python',
  );
  if (python === undefined) return;
  const secret = newSigningSecret();
  await using database = await openTestSqlite();
  await using _relay = startRelay(database.store);
  await using receiver = await startReceiver();
  await completeJob(database.store, {
    metadata: { text: 'ümläut 🐈' },
    webhooks: [{ url: receiver.url, secret: testSecrets.seal(secret) }],
  });
  const call = found((await receiver.received(1))[0]);
  assert.equal((await asPython(python, call, secret)).trim(), 'job.complete');
  const changed = { ...call, body: call.body.replace('ann', 'bob') };
  await assert.rejects(asPython(python, changed, secret), /WebhookVerificationError/);
  await assert.rejects(asPython(python, call, newSigningSecret()), /WebhookVerificationError/);
});

async function asPython(python: string, { headers, body }: ReceivedCall, secret: string): Promise<string> {
  const running = run(python, ['-c', verify], { timeout: 60_000 });
  running.child.stdin?.end(JSON.stringify({ secret, body, headers }));
  return (await running).stdout;
}
