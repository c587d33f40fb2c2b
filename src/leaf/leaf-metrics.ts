import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client';
import type { Plant } from './plants.ts';

/** Hears of images of a plant and of their bytes. */
export type CountImages = (plant: Plant, images: number, bytes: number) => void;

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
  sentImages(): CountImages {
    return this.#imageCounters({
      name: 'image_api_image',
      images: 'Images sent to Kafka, one an event',
      bytes: 'Bytes of those events',
    });
  }

  /** The synchronizer's: what it has copied. */
  copiedImages(): CountImages {
    return this.#imageCounters({
      name: 'db_synchronizer_job_image',
      images: 'Images copied, each time anew',
      bytes: 'Bytes of those documents',
    });
  }

  #imageCounters(words: {
    readonly name: string;
    readonly images: string;
    readonly bytes: string;
  }): CountImages {
    const of = { labelNames: ['plant'] as const, registers: [this.registry] };
    const counted = new Counter({ name: words.name, help: words.images, ...of });
    const sizes = new Counter({ name: `${words.name}_size`, help: words.bytes, ...of });
    return (plant, images, bytes) => {
      counted.inc({ plant }, images);
      sizes.inc({ plant }, bytes);
    };
  }
}
