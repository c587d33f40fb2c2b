import { Counter } from 'prom-client';
import type { LeafConfig } from '../config/leaf-config.ts';
import type { Logger } from '../telemetry/logger.ts';
import { Classifier } from './analyzer/classifier.ts';
import { classifyPhotos } from './http/classify-photos.ts';
import { leafServer } from './http/leaf-server.ts';
import { LeafMetrics } from './leaf-metrics.ts';
import { type LeafService, leafService } from './leaf-service.ts';

/** The analyzer: it is sent photos of leaves, and tells what they suffer from. */
export function createAnalyzer(config: LeafConfig, logger: Logger): LeafService {
  const metrics = new LeafMetrics();
  const renderersKilled = new Counter({
    name: 'leaf_analyzer_processes_killed_total',
    help: 'Classifier processes ended before their time, by reason: timeout, stalled, memory, crashed',
    labelNames: ['reason'] as const,
    registers: [metrics.registry],
  });
  const classifier = new Classifier({ logger, metrics: { renderersKilled } });
  const readiness = async () => ({ classifier: classifier.fault() });
  const http = leafServer({ readiness, spareParts: [], metrics, logger });
  classifyPhotos(http, classifier);
  return leafService(config, http, metrics, [classifier], logger);
}
