import { Command } from 'commander';
import { serveLeaf } from './serve-leaf.ts';

export function leafAnalyzerCommand(): Command {
  return new Command('analyzer')
    .description('tells over HTTP what the leaf of a photo suffers from, and how sure that is')
    .action(() =>
      serveLeaf('analyzer', async (config, logger) => {
        const { createAnalyzer } = await import('../leaf/analyzer-service.ts');
        return createAnalyzer(config, logger);
      }),
    );
}
