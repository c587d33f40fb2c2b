import { Command } from 'commander';
import { serveLeaf } from './serve-leaf.ts';

export function leafConsumerCommand(): Command {
  return new Command('consumer')
    .description(
      'copies of the images in a database of its own, as Kafka tells of them, to be read over HTTP',
    )
    .action(() =>
      serveLeaf('consumer', async (config, logger) => {
        const { createConsumer } = await import('../leaf/image-consumer-service.ts');
        return createConsumer(config, logger);
      }),
    );
}
