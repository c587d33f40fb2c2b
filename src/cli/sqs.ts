import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import { readConfig } from '../config/config.ts';
import { sqsCredentials } from '../config/sqs-intake-options.ts';
import { TintypeError } from '../errors/tintype-error.ts';
import { readResizeMessage } from '../intake/resizing/resize-message.ts';

export function sqsCommand(): Command {
  const sqs = new Command('sqs').description('give work to the resizing service').helpCommand(false);
  sqs.addCommand(sendCommand());
  return sqs;
}

interface SendFlags {
  group: string;
  unchecked?: true;
}

function sendCommand(): Command {
  return new Command('send')
    .description('send the resize message in a file to QUEUE_URL')
    .argument('<message.json>', 'the file; - is standard input')
    .option('--group <name>', 'of a FIFO queue: messages of one group are answered in their order', 'tintype')
    .option('--unchecked', 'send what the service would refuse, too')
    .action(send);
}

async function send(file: string, { group, unchecked }: SendFlags): Promise<void> {
  const config = readConfig(process.env);
  const { QUEUE_URL: queueUrl } = config;
  if (queueUrl === undefined) {
    throw new TintypeError('invalid-configuration', 'QUEUE_URL is unset; accepted: the URL of an SQS queue.');
  }
  const body = await readFile(file === '-' ? '/dev/stdin' : file, 'utf8').catch(cause => {
    throw new TintypeError('source-not-found', `${file} can’t be read.`, { cause });
  });
  if (!unchecked) readResizeMessage(body);
  // Loaded only here, because it brings the AWS SDK.
  const { sendMessage } = await import('../sqs/send-message.ts');
  console.log(`sent as ${await sendMessage(queueUrl, body, group, sqsCredentials(config))}`);
}
