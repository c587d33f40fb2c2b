import type { Logger } from '../../telemetry/logger.ts';

export interface JobLine {
  readonly at: Date;
  readonly level: 'info' | 'warn';
  readonly text: string;
}

/** The page shows no more. */
const mostLines = 500;

/** What a job has done lately, for its page; each line goes to the process's own log, too. */
export class JobLog {
  readonly #logger: Logger;
  readonly #lines: JobLine[] = [];

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** The newest first. */
  get lines(): readonly JobLine[] {
    return this.#lines;
  }

  info(text: string): void {
    this.#logger.info(text);
    this.#keep({ at: new Date(), level: 'info', text });
  }

  warn(text: string): void {
    this.#logger.warn(text);
    this.#keep({ at: new Date(), level: 'warn', text });
  }

  #keep(line: JobLine): void {
    this.#lines.unshift(line);
    this.#lines.splice(mostLines);
  }
}
