import type { FastifyInstance } from 'fastify';
import { shortReason } from '../errors/short-reason.ts';
import { TintypeError } from '../errors/tintype-error.ts';
import type { Logger } from '../telemetry/logger.ts';

interface Address {
  readonly HOST: string;
  readonly PORT: number;
}

/**
 * Resolves to the address. Throws `invalid-configuration` where it can't listen.
 * @param portVariable the one that holds the port, for the message
 */
export async function listen(
  http: FastifyInstance,
  { HOST, PORT }: Address,
  portVariable = 'PORT',
): Promise<string> {
  try {
    return await http.listen({ host: HOST, port: PORT });
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const reason = code === 'EADDRINUSE' ? 'something else listens there' : message;
    const found = `HOST is '${HOST}', ${portVariable} is '${PORT}': ${reason}.`;
    throw new TintypeError('invalid-configuration', found, { cause });
  }
}

/** The processes of one machine may all have the same port: what they are there for must not depend on it. */
export async function listenIfFree(
  http: FastifyInstance,
  address: Address,
  logger: Logger,
  portVariable = 'PORT',
): Promise<string | undefined> {
  try {
    return await listen(http, address, portVariable);
  } catch (error) {
    logger.warn({ reason: shortReason(error) }, 'nobody can ask this process for its health and metrics');
    return undefined;
  }
}
