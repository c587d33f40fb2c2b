import type { Socket } from 'node:net';
import type { Logger } from '../../telemetry/logger.ts';
import { listen } from '../../web/listen.ts';
import { changeImages } from '../http/change-images.ts';
import { leafServer } from '../http/leaf-server.ts';
import { ImageChanges } from '../images/image-changes.ts';
import type { LeafDatabase } from '../images/leaf-database.ts';
import { LeafMetrics } from '../leaf-metrics.ts';
import type { Plant } from '../plants.ts';
import { noisePhotos } from './starting-images.ts';
import { bytesOf } from './wire-bytes.ts';

/** The image API without its publishers: they belong to one of the ways that are compared. */
export class MeasuredImageApi implements AsyncDisposable {
  readonly url: string;
  readonly #sockets: ReadonlySet<Socket>;
  readonly #close: () => Promise<void>;

  /** @param changed hears of each change, once it is durable */
  static async open(
    producer: LeafDatabase,
    changed: (plant: Plant, id: number) => void,
    logger: Logger,
  ): Promise<MeasuredImageApi> {
    const http = leafServer({
      readiness: async () => ({}),
      spareParts: [],
      metrics: new LeafMetrics(),
      logger,
    });
    changeImages(http, new ImageChanges(producer, changed), noisePhotos());
    const sockets = new Set<Socket>();
    http.server.on('connection', (socket: Socket) => sockets.add(socket));
    const url = await listen(http, { HOST: '127.0.0.1', PORT: 0 });
    return new MeasuredImageApi(url, sockets, () => http.close());
  }

  private constructor(url: string, sockets: ReadonlySet<Socket>, close: () => Promise<void>) {
    this.url = url;
    this.#sockets = sockets;
    this.#close = close;
  }

  /** In both directions, up to now. */
  bytes(): number {
    return bytesOf(this.#sockets);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }
}
