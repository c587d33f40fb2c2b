import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { isTooLarge } from '../../kafka/kafka-faults.ts';
import type { ProducedMessage } from '../../kafka/topic-producer.ts';
import { AwayLog } from '../../telemetry/away-log.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { ImageDocument } from '../images/plant-image.ts';
import type { UnpublishedImages } from '../images/unpublished-images.ts';
import type { Plant } from '../plants.ts';
import { writeImageEvent } from './image-event.ts';

/** Where events go: `TopicProducer`, or what stands for it. */
export interface EventTopics {
  send(topic: string, messages: readonly ProducedMessage[]): Promise<void>;
}

export interface PublisherParts {
  readonly unpublished: UnpublishedImages;
  readonly topics: EventTopics;
  /** Hears what was sent: images and their bytes as events. */
  readonly sent: (plant: Plant, images: number, bytes: number) => void;
  readonly logger: Logger;
}

/** Images that are read together. */
const atOnce = 100;
/** Bytes of values in one request: brokers take a mebibyte, headers and all. */
const pieceBytes = 512_000;
/** Changes that are noted; what is beyond that is found in the database. */
const mostNoted = 10_000;
/** How often changes are looked for that another process made and did not publish, and how old those are. Milliseconds. */
const sweepMs = 5_000;
const leftBehindMs = 10_000;
/** Between two tries, in milliseconds: doubled from the first to the last. */
const pauses = { first: 100, last: 5_000 };

/**
 * Tells Kafka of the changes of one plant's images: of those that this process makes at once, of all others when they have
 * waited too long. An event has the image as it is then, so changes that follow each other fast may be one event, and
 * events of one image come in order. What was sent and could not be noted is sent again: copies mind neither.
 */
export class PlantPublisher {
  readonly #plant: Plant;
  readonly #parts: PublisherParts;
  readonly #awayLog: AwayLog;
  readonly #stopping = new AbortController();
  readonly #changes = new EventTarget();
  readonly #noted = new Set<number>();
  /** What is unpublished is not all noted: at the start, and after a fault. */
  #isBehind = true;
  #sweptAt = 0;
  #loop: Promise<void> | undefined;

  constructor(plant: Plant, parts: PublisherParts) {
    this.#plant = plant;
    this.#parts = parts;
    const { logger } = parts;
    this.#awayLog = new AwayLog(logger, `changes of ${plant} wait`, `changes of ${plant} go on`);
  }

  /** Notes a change that is durable. */
  changed(id: number): void {
    if (this.#noted.size >= mostNoted) this.#isBehind = true;
    else this.#noted.add(id);
    this.#changes.dispatchEvent(new Event('changed'));
  }

  start(): void {
    this.#loop ??= this.#publish();
  }

  /** Finishes what was begun. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
  }

  async #publish(): Promise<void> {
    const stopping = this.#stopping.signal;
    let failures = 0;
    while (!stopping.aborted) {
      try {
        const didSomething = await this.#round();
        if (failures > 0) this.#awayLog.back();
        failures = 0;
        if (!didSomething) await this.#somethingToDo();
      } catch (error) {
        this.#isBehind = true;
        this.#noted.clear();
        this.#awayLog.away(error);
        const pauseMs = Math.min(pauses.first * 2 ** failures, pauses.last);
        failures += 1;
        await sleep(pauseMs, undefined, { signal: stopping }).catch(() => {});
      }
    }
  }

  /** False when there is nothing to do. */
  async #round(): Promise<boolean> {
    const ids = [...this.#noted].slice(0, atOnce);
    for (const id of ids) this.#noted.delete(id);
    if (ids.length > 0) {
      await this.#send(await this.#parts.unpublished.among(this.#plant, ids));
      return true;
    }
    if (!this.#isBehind && performance.now() - this.#sweptAt < sweepMs) return false;
    const before = Date.now() - (this.#isBehind ? 0 : leftBehindMs);
    const found = await this.#parts.unpublished.since(this.#plant, new Date(before), atOnce);
    await this.#send(found);
    if (found.length === 0) {
      this.#isBehind = false;
      this.#sweptAt = performance.now();
    }
    return found.length > 0;
  }

  async #send(documents: readonly ImageDocument[]): Promise<void> {
    for (const piece of pieces(this.#plant, documents)) await this.#sendPiece(piece);
  }

  async #sendPiece(piece: readonly Written[]): Promise<void> {
    try {
      const messages = piece.map(({ document, value }) => ({ key: String(document.id), value, headers: {} }));
      await this.#parts.topics.send(this.#plant, messages);
    } catch (error) {
      if (!isTooLarge(error)) throw error;
      await this.#sendSmaller(piece, error);
      return;
    }
    this.#parts.sent(this.#plant, piece.length, bytesOf(piece));
    await this.#parts.unpublished.setPublished(
      this.#plant,
      piece.map(({ document }) => document),
    );
  }

  /** Each image by itself, and then without its photo: one that will never fit must not hold up the others. */
  async #sendSmaller(piece: readonly Written[], refusal: unknown): Promise<void> {
    const [first, ...others] = piece;
    if (others.length > 0) {
      for (const each of piece) await this.#sendPiece([each]);
      return;
    }
    if (first?.document.data === undefined) throw refusal;
    const { data, ...document } = first.document;
    const facts = { plant: this.#plant, id: document.id, bytes: data.length() };
    this.#parts.logger.error(facts, 'Kafka refuses the photo as too large: its image is told without it');
    await this.#sendPiece([{ document, value: writeImageEvent(this.#plant, document) }]);
  }

  async #somethingToDo(): Promise<void> {
    if (this.#noted.size > 0) return;
    const until = AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(sweepMs)]);
    await once(this.#changes, 'changed', { signal: until }).catch(() => {});
  }
}

interface Written {
  readonly document: ImageDocument;
  readonly value: Uint8Array;
}

function* pieces(plant: Plant, documents: readonly ImageDocument[]): Generator<Written[]> {
  let piece: Written[] = [];
  for (const document of documents) {
    const written = { document, value: writeImageEvent(plant, document) };
    if (piece.length > 0 && bytesOf([...piece, written]) > pieceBytes) {
      yield piece;
      piece = [];
    }
    piece.push(written);
  }
  if (piece.length > 0) yield piece;
}

function bytesOf(piece: readonly Written[]): number {
  return piece.reduce((sum, { value }) => sum + value.length, 0);
}
