import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client';

/** What Prometheus reads of one process of the leaf system, at `METRICS_PORT`. */
export class LeafMetrics {
  readonly registry = new Registry();

  readonly requestSeconds = new Histogram({
    name: 'leaf_http_request_duration_seconds',
    help: 'HTTP requests, by method, route and status',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [this.registry],
  });

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }

  /** The image API's: what it has sent to Kafka. */
  sentImages() {
    const of = { labelNames: ['plant'] as const, registers: [this.registry] };
    const images = new Counter({
      name: 'image_api_image',
      help: 'Images sent to Kafka, one an event',
      ...of,
    });
    const sizes = new Counter({ name: 'image_api_image_size', help: 'Bytes of those events', ...of });
    return { images, sizes };
  }
}
