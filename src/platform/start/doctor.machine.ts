import fs from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Config } from '../config.js';
import type { Finding } from './doctor.js';
import { installedBinaries, missingLinks } from './postgres-binaries.js';
import { homeOf } from './postgres-home.js';
import { reachable, serverAccount } from './server-account.js';

const root = fileURLToPath(new URL('../../../../', import.meta.url));

/** Node, the compiled program, and the embedded PostgreSQL. */
export async function checkMachine(config: Config): Promise<Finding[]> {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const findings: Finding[] = [
    major > 20 || (major === 20 && minor >= 19)
      ? { level: 'ok', about: 'Node', text: process.versions.node }
      : { level: 'fail', about: 'Node', text: process.versions.node, remedy: 'Install Node 20.19 or newer.' },
    await checkBuild(),
  ];
  if (!config.databaseUrl) findings.push(checkBinaries());
  return findings;
}

async function checkBuild(): Promise<Finding> {
  const builder = new URL('src/platform/start/build.mjs', `file://${root}`).href;
  const { distState } = (await import(builder)) as {
    distState: () => 'shipped' | 'fresh' | 'missing' | 'stale';
  };
  const state = distState();
  if (state === 'shipped') return { level: 'ok', about: 'Build', text: 'dist/ without sources' };
  if (state === 'fresh') return { level: 'ok', about: 'Build', text: 'dist/ matches the sources' };
  return {
    level: 'warn',
    about: 'Build',
    text: `dist/ is ${state}`,
    remedy: 'npm run build (npm start does it too)',
  };
}

function checkBinaries(): Finding {
  const native = installedBinaries();
  const { version } = JSON.parse(fs.readFileSync(path.join(native, '../package.json'), 'utf8')) as {
    version: string;
  };
  const missing = missingLinks(native).length;
  if (missing === 0) return { level: 'ok', about: 'Binaries', text: `embedded PostgreSQL ${version}` };
  return {
    level: 'warn',
    about: 'Binaries',
    text: `embedded PostgreSQL ${version} lacks ${missing} links between its libraries`,
    remedy: 'npm start makes them',
  };
}

/** Owner and permissions of the data folder. */
export async function checkData(config: Config): Promise<Finding[]> {
  const { dataDir } = config;
  try {
    fs.accessSync(dataDir, fs.constants.R_OK | fs.constants.W_OK | fs.constants.X_OK);
  } catch {
    return [
      {
        level: 'fail',
        about: 'Data',
        text: `${dataDir} cannot be written by this user`,
        remedy: 'Give it to this user, or choose another with DATA_DIR.',
      },
    ];
  }
  if (config.databaseUrl) return [{ level: 'ok', about: 'Data', text: dataDir }];
  const { base, cluster } = homeOf(dataDir);
  // Fails with its own remedy when the cluster is somebody else's.
  const account = serverAccount(cluster);
  const as = account ? `, server as user id ${account.uid}` : '';
  if (!fs.existsSync(cluster)) {
    const moved =
      base === dataDir && !reachable(dataDir, account)
        ? ', database outside: not reachable for its user'
        : '';
    return [{ level: 'ok', about: 'Data', text: `${dataDir}, no database yet${as}${moved}` }];
  }
  const mode = fs.statSync(cluster).mode & 0o077;
  if (mode === 0) return [{ level: 'ok', about: 'Data', text: `${base}${as}` }];
  return [
    {
      level: 'fail',
      about: 'Data',
      text: `${cluster} is open to other users, which PostgreSQL refuses`,
      remedy: `chmod 700 ${cluster}`,
    },
  ];
}

/** A port taken by a running Guildhall is as it should be. */
export async function checkPort(config: Config): Promise<Finding[]> {
  const { port, host } = config;
  const code = await new Promise<string>((resolve) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    probe.listen(port, host, () => probe.close(() => resolve('')));
  });
  if (!code) return [{ level: 'ok', about: 'Port', text: `${port} is free` }];
  const ours = await fetch(`http://127.0.0.1:${port}/health/live`, {
    signal: AbortSignal.timeout(2_000),
  }).then(
    (answer) => answer.ok,
    () => false,
  );
  if (ours) return [{ level: 'ok', about: 'Port', text: `${port} answers: a Guildhall is running` }];
  return [{ level: 'fail', about: 'Port', text: `${port}: ${code}`, remedy: 'Choose another with PORT.' }];
}
