import type { KafkaSettings } from '../../kafka/kafka-clients.ts';
import type { LogLevel } from '../../telemetry/logger.ts';
import type { Plant } from '../plants.ts';
import type { Way } from './ways.ts';
import type { WireBytes } from './wire-bytes.ts';

/** The first message to the process. */
export interface MirrorSettings {
  readonly way: Way;
  readonly producerUrl: string;
  readonly consumerUrl: string;
  readonly kafka: KafkaSettings;
  readonly groupId: string;
  readonly logLevel: LogLevel;
}

/** The others. Each but `changed` is answered. */
export type MirrorRequest =
  | { readonly kind: 'changed'; readonly plant: Plant; readonly id: number }
  | { readonly kind: 'copy' }
  | { readonly kind: 'usage' };

/** What mirroring has taken since the process began. */
export interface MirrorUsage extends WireBytes {
  readonly cpuSeconds: number;
}

export type MirrorAnswer =
  | { readonly kind: 'ready' }
  | { readonly kind: 'copied' }
  | { readonly kind: 'usage'; readonly usage: MirrorUsage }
  /** Not asked for: images and bytes that went their way. */
  | { readonly kind: 'moved'; readonly plant: Plant; readonly images: number; readonly bytes: number }
  | { readonly kind: 'failed'; readonly message: string };
