import { Command } from 'commander';
import { serveLeaf } from './serve-leaf.ts';

const descriptions = {
  camera: 'the job that has photos taken',
  recognizer: 'the job that has every new image analyzed',
  users: 'the job that activates, changes and deletes images, as people do',
  synchronizer: 'the job that copies all images from the producer’s database to the consumer’s',
} as const;

/** One command for each of the jobs. */
export function leafJobCommands(): Command[] {
  return (Object.keys(descriptions) as (keyof typeof descriptions)[]).map(name =>
    new Command(name).description(`${descriptions[name]}, with its page`).action(() =>
      serveLeaf(name, async (config, logger) => {
        const { jobServices } = await import('../leaf/job-services.ts');
        return jobServices[name](config, logger);
      }),
    ),
  );
}
