import { type Logger, pino } from 'pino';

export type { Logger };

export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/** API keys and signing secrets, wherever in a line they stand; of a key its id stays. */
const secrets = /\b(tt_[0-9a-f]{16}_|whsec_)[\w+/=-]+/g;
const credentials = ['authorization', 'headers.authorization', '*.headers.authorization'];

/** Lines of JSON on standard error; standard output belongs to what was asked for. Secrets are left out, whoever logs them. */
export function createLogger(level: LogLevel): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: credentials,
      hooks: { streamWrite: line => line.replace(secrets, '$1…') },
    },
    pino.destination({ dest: 2, sync: true }),
  );
}
