/**
 * Compiles `dist/` when it does not match the sources, and prints nothing when it does.
 *
 * What counts is the content of the sources, not their times: a checkout, a copy or a deleted file changes times in ways
 * that would make an old `dist/` look new. Two builds at once in one clone wait for each other.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../../', import.meta.url));
const dist = path.join(root, 'dist');
const stampFile = path.join(dist, '.build-stamp');
const lockFile = path.join(dist, '.build-lock');
const compilerState = path.join(dist, '.build.tsbuildinfo');
const compiler = path.join(root, 'node_modules/typescript/bin/tsc');
const folders = ['src', 'migrations', 'bench'];
const settings = ['package.json', 'tsconfig.json', 'tsconfig.build.json'];

/** @returns {'shipped' | 'fresh' | 'missing' | 'stale'} `shipped`: there is nothing to build from. */
export function distState() {
  if (sources().length === 0) return 'shipped';
  if (!fs.existsSync(stampFile)) return 'missing';
  return fs.readFileSync(stampFile, 'utf8') === fingerprint() ? 'fresh' : 'stale';
}

/** Builds if needed. Throws an error whose message is one line with the cause and the remedy. */
export async function build() {
  if (upToDate()) return;
  fs.mkdirSync(dist, { recursive: true });
  await takeLock();
  try {
    if (upToDate()) return;
    compile();
  } finally {
    fs.rmSync(lockFile, { force: true });
  }
}

function upToDate() {
  return ['shipped', 'fresh'].includes(distState());
}

function compile() {
  if (!fs.existsSync(compiler)) {
    throw new Error(
      'Build failed: the TypeScript compiler is not installed. Run `npm ci`, or ship dist/ without the sources.',
    );
  }
  process.stderr.write('Building dist/ …\n');
  const before = fingerprint();
  // Without its outputs the compiler's memory of them would make it skip them.
  if (!fs.existsSync(stampFile)) fs.rmSync(compilerState, { force: true });
  fs.rmSync(stampFile, { force: true });
  const run = spawnSync(
    process.execPath,
    [compiler, '-p', 'tsconfig.build.json', '--tsBuildInfoFile', compilerState, '--pretty', 'false'],
    { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
  );
  if (run.status !== 0) throw new Error(oneLine(`${run.stdout}${run.stderr}${run.error?.message ?? ''}`));
  copyData();
  dropOrphans();
  // A file saved while the compiler ran leaves a stamp that does not match, so that the next start builds again.
  fs.writeFileSync(stampFile, before);
}

function oneLine(output) {
  const errors = output.split('\n').filter((line) => /error TS\d+/.test(line));
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  return `Build failed: ${errors[0] ?? output.trim().split('\n')[0]}${more}. Run \`npm run types\` to see everything.`;
}

/** What the programs read beside their code, which the compiler does not know. */
function copyData() {
  for (const file of data()) {
    fs.mkdirSync(path.dirname(path.join(dist, file)), { recursive: true });
    fs.copyFileSync(path.join(root, file), path.join(dist, file));
  }
}

/** Files of `dist` whose source is gone would otherwise still be found by whoever imports them. */
function dropOrphans() {
  for (const file of walk(dist, '')) {
    if (!/\.(js|js\.map|json)$/.test(file)) continue;
    const source = file.replace(/\.js(\.map)?$/, '.ts');
    if (!fs.existsSync(path.join(root, source))) fs.rmSync(path.join(dist, file));
  }
}

function sources() {
  return folders.flatMap((folder) => walk(root, folder)).filter((file) => /(?<!\.spec)\.ts$/.test(file));
}

function data() {
  return walk(root, 'src').filter((file) => file.endsWith('.json'));
}

function fingerprint() {
  const hash = createHash('sha256');
  for (const file of [...sources(), ...data(), ...settings].sort()) {
    hash
      .update(`${file}\0`)
      .update(fs.readFileSync(path.join(root, file)))
      .update('\0');
  }
  return hash.digest('hex');
}

/** @returns {string[]} every file under `base/folder`, relative to `base`. */
function walk(base, folder) {
  const here = path.join(base, folder);
  if (!fs.existsSync(here)) return [];
  return fs.readdirSync(here, { withFileTypes: true }).flatMap((entry) => {
    const name = folder ? `${folder}/${entry.name}` : entry.name;
    return entry.isDirectory() ? walk(base, name) : [name];
  });
}

async function takeLock() {
  for (;;) {
    try {
      fs.writeFileSync(lockFile, String(process.pid), { flag: 'wx' });
      return;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (abandoned()) fs.rmSync(lockFile, { force: true });
    else await sleep(200);
  }
}

/** The builder was killed: its process is gone, or (in a container, where numbers repeat) the lock is too old to be true. */
function abandoned() {
  try {
    if (performance.timeOrigin + performance.now() - fs.statSync(lockFile).mtimeMs > 10 * 60_000) return true;
    const pid = Number(fs.readFileSync(lockFile, 'utf8'));
    // An empty file is one that its maker has not filled yet.
    if (pid === 0) return false;
    if (pid === process.pid) return true;
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH';
  }
}

if (process.argv[1] && fs.realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  await build().catch((error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
}
