/**
 * `node src/platform/start/run.mjs <path under dist> [arguments]`: builds when the sources have changed, then runs the
 * program in this same process, so that signals, exit codes and arguments are the program's own.
 */
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, root } from './build.mjs';

const program = path.join(root, 'dist', process.argv[2] ?? '');

try {
  await build();
  if (!fs.statSync(program, { throwIfNoEntry: false })?.isFile()) {
    throw new Error(`There is no program ${path.relative(root, program)}: run \`npm run build\`.`);
  }
} catch (error) {
  console.error(error.message);
  process.exit(1);
}

// npm passes a signal on to its shell only, which dies of it; left alone like this, the program would run on for ever.
if (process.env.npm_lifecycle_event) {
  const shell = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === shell) return;
    clearInterval(watch);
    process.kill(process.pid, 'SIGTERM');
  }, 250);
  watch.unref();
}

process.argv.splice(1, 2, program);
await import(pathToFileURL(program).href);
