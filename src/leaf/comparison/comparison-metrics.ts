import type { LeafConfig } from '../../config/leaf-config.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { listenIfFree } from '../../web/listen.ts';
import { metricsServer } from '../http/leaf-server.ts';
import { LeafMetrics } from '../leaf-metrics.ts';

/** The metrics of a comparison, to be read at `METRICS_PORT` while it goes on; it goes on without where the port is taken. */
export async function openComparisonMetrics(
  { HOST, METRICS_PORT }: Pick<LeafConfig, 'HOST' | 'METRICS_PORT'>,
  logger: Logger,
): Promise<{ readonly metrics: LeafMetrics; readonly url: string | undefined } & AsyncDisposable> {
  const metrics = new LeafMetrics();
  const http = metricsServer(metrics, logger);
  const url = await listenIfFree(http, { HOST, PORT: METRICS_PORT }, logger, 'METRICS_PORT');
  return { metrics, url, [Symbol.asyncDispose]: async () => void (await http.close()) };
}
