import type { FastifyInstance } from 'fastify';
import type { Config } from './config/config.ts';
import { shortReason } from './errors/short-reason.ts';
import { TintypeError } from './errors/tintype-error.ts';
import type { Logger } from './telemetry/logger.ts';

/** Resolves to the address. Throws `invalid-configuration` where it can't listen. */
export async function listen(http: FastifyInstance, { HOST, PORT }: Config): Promise<string> {
  try {
    return await http.listen({ host: HOST, port: PORT });
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const reason = code === 'EADDRINUSE' ? 'something else listens there' : message;
    throw new TintypeError('invalid-configuration', `HOST is '${HOST}', PORT is '${PORT}': ${reason}.`, {
      cause,
    });
  }
}

/** The processes of one machine may all have the same `PORT`: what they are there for must not depend on it. */
export async function listenIfFree(
  http: FastifyInstance,
  config: Config,
  logger: Logger,
): Promise<{ healthUrl?: string }> {
  try {
    return { healthUrl: await listen(http, config) };
  } catch (error) {
    logger.warn({ reason: shortReason(error) }, 'nobody can ask this process for its health and metrics');
    return {};
  }
}
