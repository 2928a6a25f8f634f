import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline/promises';
import { loadConfig } from '../config.js';
import { readArguments } from './arguments.js';
import { runningPostgres, startEmbeddedPostgres } from './embedded-postgres.js';
import { StartFailure, failStart } from './failure.js';
import { homeOf, pointerOf } from './postgres-home.js';

const USAGE = `npm run reset [-- --yes]

Throws the embedded database and the data folder away (DATA_DIR, or .data), so that the next start is a first one.

  --yes   do not ask
  --help  show this`;

/** `npm run reset`: forgets everything, so that the next start is a first one. */
async function reset(): Promise<string> {
  const { yes } = readArguments(USAGE, { yes: { type: 'boolean' } });
  const config = loadConfig();
  const { dataDir } = config;
  if (config.databaseUrl) {
    throw new StartFailure(
      `Nothing was touched: DATABASE_URL is set, the database there is not ours to drop, and ${dataDir} holds the key that belongs to it.`,
      'Drop that database yourself, or unset DATABASE_URL to reset the embedded one.',
    );
  }
  const { base, cluster } = homeOf(dataDir);
  if (!fs.existsSync(cluster) && !fs.existsSync(pointerOf(dataDir)))
    return `Nothing to reset: ${dataDir} holds no database.`;
  refuseForeignFolder(dataDir);
  const doomed = [...new Set([base, dataDir])];
  if (yes !== true && !(await agreed(doomed))) return 'Nothing was touched.';
  if (runningPostgres(dataDir, 'postgres')) {
    // Takes the server over, which fails when a living program owns it.
    const server = await startEmbeddedPostgres({ dataDir });
    await server.stop();
  }
  for (const folder of doomed) fs.rmSync(folder, { recursive: true, force: true });
  return `Removed ${doomed.join(' and ')}. The next \`npm start\` makes a new store.`;
}

/** Asks a person; a script has to say it by itself. */
async function agreed(doomed: string[]): Promise<boolean> {
  if (!process.stdin.isTTY)
    throw new StartFailure(
      'Nothing was touched: there is nobody to ask.',
      'Say it with: npm run reset -- --yes',
    );
  const person = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await person.question(`Remove ${doomed.join(' and ')} with everything in it? [y/N] `);
  person.close();
  return /^y(es)?$/i.test(answer.trim());
}

/** A slip in DATA_DIR must not cost somebody their home folder. */
function refuseForeignFolder(dataDir: string): void {
  const precious = [os.homedir(), process.cwd(), fs.realpathSync(process.cwd())];
  const inside = precious.find(
    (folder) => folder === dataDir || folder.startsWith(path.join(dataDir, path.sep)),
  );
  if (!inside) return;
  throw new StartFailure(
    `Nothing was touched: ${inside} lies in the data folder ${dataDir}.`,
    'Remove the database in it yourself, and choose a folder of its own with DATA_DIR.',
  );
}

try {
  console.log(await reset());
} catch (error) {
  failStart(error);
}
