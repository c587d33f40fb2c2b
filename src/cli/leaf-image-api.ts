import { Command } from 'commander';
import { serveLeaf } from './serve-leaf.ts';

export function leafImageApiCommand(): Command {
  return new Command('image-api')
    .description('the producer: images are made and changed over HTTP, and every change is told to Kafka')
    .action(() =>
      serveLeaf('image-api', async (config, logger) => {
        const { createImageApi } = await import('../leaf/image-api.ts');
        return createImageApi(config, logger);
      }),
    );
}
