import { parseArgs, type ParseArgsConfig } from 'node:util';
import { StartFailure } from './failure.js';

type Options = NonNullable<ParseArgsConfig['options']>;

/** What follows `--` of an npm command. `--help` prints `usage` and ends; throws `StartFailure` for what is not known. */
export function readArguments<O extends Options>(usage: string, options: O) {
  return read(usage, options, false).values;
}

/** The same where names of files may stand beside the options. */
export function readFileArguments<O extends Options>(usage: string, options: O) {
  const { values, positionals } = read(usage, options, true);
  return { values, files: positionals };
}

function read<O extends Options>(usage: string, options: O, allowPositionals: boolean) {
  if (process.argv.includes('--help')) {
    console.log(usage);
    process.exit(0);
  }
  try {
    return parseArgs({ options, allowPositionals });
  } catch (error) {
    // The first sentence of Node's says what is wrong; the next ones are about programs that take file names.
    const [what = ''] = (error as Error).message.split(/\.(?:\s|$)/, 1);
    throw new StartFailure(`${what}.`, 'What can be said is told by --help.');
  }
}
