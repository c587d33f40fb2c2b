import { once } from 'node:events';
import { Command } from 'commander';
import { readServiceConfig } from '../config/config.ts';
import { roles, variables } from '../config/variables.ts';
import { createLogger } from '../telemetry/logger.ts';
import { nearest, refusal } from './nearest.ts';
import { stopSignal } from './stop-signal.ts';
import { unknownVariables } from './unknown-variables.ts';

interface ServeFlags {
  readonly roles?: string;
  readonly host?: string;
  readonly port?: string;
}

export function serveCommand(): Command {
  return new Command('serve')
    .description('start the service; all roles when none is named')
    .option('--roles <list>', `what this process does: a comma list of ${roles.join(', ')}`, rolesText)
    .option('--host <host>', 'address to listen on, instead of HOST')
    .option('--port <port>', 'port to listen on, instead of PORT; 0 takes a free one', portText)
    .action(serve);
}

function rolesText(text: string): string {
  const wrong = text.split(',').find(part => variables.ROLES.kind.parse(part, '') === undefined);
  if (wrong === undefined) return text;
  throw refusal(`--roles ${text}`, variables.ROLES.kind.accepts, nearest(wrong.trim(), roles));
}

function portText(text: string): string {
  if (variables.PORT.kind.parse(text, '') !== undefined) return text;
  throw refusal(`--port ${text}`, variables.PORT.kind.accepts);
}

/** Serves until a signal asks it to stop; resolves when everything is stopped. */
async function serve(flags: ServeFlags): Promise<void> {
  const stop = stopSignal();
  const env = {
    ...process.env,
    ...(flags.roles !== undefined && { ROLES: flags.roles }),
    ...(flags.host !== undefined && { HOST: flags.host }),
    ...(flags.port !== undefined && { PORT: flags.port }),
  };
  const config = readServiceConfig(env);
  // Loaded only here, because it is the whole service and the short commands should start at once.
  const { createApp } = await import('../app.ts');
  const logger = createLogger(config.LOG_LEVEL);
  for (const found of unknownVariables(process.env))
    logger.warn(found, 'an environment variable is not known');
  // By default all would take the same port.
  const app = await createApp(config, logger, stop, Boolean(env.PORT));
  try {
    const { url, healthUrl } = await app.start();
    const health = healthUrl === undefined ? '' : `; ${healthUrl}/health/ready tells how it is`;
    const atWork = `Tintype is at work as ${config.ROLES.join(', ')}${health}`;
    console.log(url === undefined ? atWork : `Tintype listens on ${url}`);
    if (!stop.aborted) await once(stop, 'abort');
    logger.info({ signal: stop.reason }, 'stopping; a second signal ends it at once');
  } finally {
    await app.stop();
  }
  logger.info('stopped');
}
