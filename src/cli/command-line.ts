import { inspect } from 'node:util';
import { Command, CommanderError } from 'commander';
import { shortCause } from '../errors/short-reason.ts';
import { TintypeError } from '../errors/tintype-error.ts';
import { version } from '../program/version.ts';
import { backfillCommand } from './backfill.ts';
import { backupCommand } from './backup.ts';
import { configCommand } from './config.ts';
import { exitCodeOf, exitCodes, type SetExitCode } from './exit-codes.ts';
import { jobsCommand } from './jobs.ts';
import { kafkaCommand } from './kafka.ts';
import { keysCommand } from './keys.ts';
import { leafCommand } from './leaf.ts';
import { migrateCommand } from './migrate.ts';
import { modelsCommand } from './models.ts';
import { restoreCommand } from './restore.ts';
import { runCommand } from './run.ts';
import { serveCommand } from './serve.ts';
import { sqsCommand } from './sqs.ts';

const examples = `
Examples:
  tintype serve                                  start the service on http://127.0.0.1:8080
  tintype run photo.jpg                          make thumb_photo.jpg, 100×100, without a service
  tintype run photos --size 800x --out web       every image of a folder, 800 pixels wide
  tintype jobs list --status failed              what went wrong lately
  tintype config                                 what is in effect, and where it comes from`;

/** Runs one command; resolves to the exit code. Faults are told on standard error, for a person, without a stack. */
export async function runCommandLine(args: readonly string[]): Promise<number> {
  let code: number = exitCodes.ok;
  const program = createProgram(result => {
    code = result;
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    // Help and version were asked for, or help was shown because no command was given.
    const isShown = error instanceof CommanderError && /^commander\.(help|version)/.test(error.code);
    if (!isShown) tell(error);
    return exitCodeOf(error);
  }
}

function createProgram(setExitCode: SetExitCode): Command {
  const program = new Command('tintype')
    .description('Takes images, makes new images from them in the background, tells whoever asked.')
    .version(version, '--version', 'show the version')
    .helpOption('--help', 'show help')
    .showSuggestionAfterError()
    .addHelpText('after', examples);
  const commands = [
    serveCommand(),
    runCommand(setExitCode),
    jobsCommand(),
    keysCommand(),
    modelsCommand(setExitCode),
    kafkaCommand(),
    sqsCommand(),
    backfillCommand(setExitCode),
    leafCommand(setExitCode),
    migrateCommand(),
    configCommand(),
    backupCommand(setExitCode),
    restoreCommand(setExitCode),
  ];
  for (const command of commands) program.addCommand(command);
  program.helpCommand('help [command]', 'show help for a command');
  for (const command of everyCommand(program)) {
    command
      .helpOption('--help', 'show help')
      .exitOverride()
      .configureOutput({ outputError: () => undefined });
  }
  return program;
}

function everyCommand(command: Command): Command[] {
  return [command, ...command.commands.flatMap(everyCommand)];
}

function tell(error: unknown): void {
  const isOurs = error instanceof TintypeError;
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof CommanderError) console.error(withSuggestion(message));
  else
    console.error(
      isOurs
        ? message + reason(error)
        : `Something went wrong on our side: ${message} (LOG_LEVEL=debug shows where)`,
    );
  if (process.env.LOG_LEVEL === 'debug' || process.env.LOG_LEVEL === 'trace') console.error(inspect(error));
}

/** What lies under a fault of our own, in one line: who calls the program may see it, and has to put it right. */
function reason({ status, cause }: TintypeError): string {
  return status < 500 || cause === undefined ? '' : ` (${shortCause(cause)})`;
}

/** Commander's message in one line; it puts its suggestion into a second one, in brackets. */
function withSuggestion(message: string): string {
  const [fault = '', suggestion] = message.replace(/^error: /, '').split('\n');
  return `${fault}. ${suggestion?.slice(1, -1) ?? 'See --help.'}`;
}
