import { MongoClient } from 'mongodb';
import { TintypeError } from '../errors/tintype-error.ts';

/** For one answer, in milliseconds. */
const answerMs = 60_000;

/**
 * Not connected before it is used; what it has written is durable. Throws `invalid-configuration` for a URL that
 * MongoDB's client refuses.
 * @param variable the one that holds the URL, for the message
 * @param connectMs how long is waited for a server, in milliseconds
 */
export function mongoClient(url: string, variable: string, connectMs: number): MongoClient {
  try {
    return new MongoClient(url, {
      serverSelectionTimeoutMS: connectMs,
      connectTimeoutMS: connectMs,
      socketTimeoutMS: answerMs,
      writeConcern: { w: 'majority', journal: true },
    });
  } catch (cause) {
    // Its own message may hold the password.
    const message = `${variable} can’t be used: MongoDB’s client refuses it.`;
    throw new TintypeError('invalid-configuration', message, { cause });
  }
}
