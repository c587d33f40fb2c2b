// The process edge: arguments in, exit code out.
import { runCommandLine } from './cli/command-line.ts';

// A reader that has seen enough, such as `head`, closes the pipe.
process.stdout.on('error', () => process.exit(1));
process.exitCode = await runCommandLine(process.argv.slice(2));
