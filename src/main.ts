// The process edge: arguments in, exit code out.
import { runCommandLine } from './cli/command-line.ts';

// A reader that has seen enough, such as `head`, closes the pipe: a command that cleans up at a signal does it then too.
process.stdout.on('error', () => process.kill(process.pid, 'SIGTERM'));
process.exitCode = await runCommandLine(process.argv.slice(2));
