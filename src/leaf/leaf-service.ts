import type { LeafConfig } from '../config/leaf-config.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { HttpApp } from '../web/http-app.ts';
import { listen, listenIfFree } from '../web/listen.ts';
import { metricsServer } from './http/leaf-server.ts';
import type { LeafMetrics } from './leaf-metrics.ts';

/** A process of the leaf system. */
export interface LeafService {
  /** Resolves to the address as soon as it answers there; what else it needs may be away. */
  start(): Promise<{ readonly url: string }>;
  /** Lets requests finish, then stops the rest. */
  stop(): Promise<void>;
}

/** Something with a life of its own: it starts and stops whether the others are there or not. */
export interface Part {
  start?(): void;
  stop(): Promise<void>;
}

/**
 * HTTP and the parts that it needs, none of which waits for another.
 * @param parts in the order of their starts; they stop in the opposite one, after HTTP
 */
export function leafService(
  { HOST, PORT, METRICS_PORT }: LeafConfig,
  http: HttpApp,
  metrics: LeafMetrics,
  parts: readonly Part[],
  logger: Logger,
): LeafService {
  const metricsHttp = metricsServer(metrics, logger);
  return {
    async start() {
      const url = await listen(http, { HOST, PORT });
      await listenIfFree(metricsHttp, { HOST, PORT: METRICS_PORT }, logger, 'METRICS_PORT');
      for (const part of parts) part.start?.();
      return { url };
    },
    async stop() {
      await Promise.all([http.close(), metricsHttp.close()]);
      for (const part of parts.toReversed()) await part.stop();
    },
  };
}
