import { once } from 'node:events';
import { type LeafConfig, type LeafService as Name, readLeafConfig } from '../config/leaf-config.ts';
import type { LeafService } from '../leaf/leaf-service.ts';
import { createLogger, type Logger } from '../telemetry/logger.ts';
import { stopSignal } from './stop-signal.ts';

/**
 * Serves until a signal asks it to stop; resolves when everything is stopped.
 * @param create loads the service: only then its libraries are needed
 */
export async function serveLeaf(
  name: Name,
  create: (config: LeafConfig, logger: Logger) => Promise<LeafService>,
): Promise<void> {
  const stop = stopSignal();
  const config = readLeafConfig(name, process.env);
  const logger = createLogger(config.LOG_LEVEL);
  const service = await create(config, logger);
  try {
    const { url } = await service.start();
    console.log(`The leaf system's ${name} listens on ${url}`);
    if (!stop.aborted) await once(stop, 'abort');
    logger.info({ signal: stop.reason }, 'stopping; a second signal ends it at once');
  } finally {
    await service.stop();
  }
  logger.info('stopped');
}
