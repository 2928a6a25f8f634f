import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';

/** What a PostgreSQL server writes about itself into its data folder. */
export interface Postmaster {
  pid: number;
  port: number;
  ready: boolean;
}

export function pidFileOf(cluster: string): string {
  return path.join(cluster, 'postmaster.pid');
}

/** The server that runs on this data folder; a file left behind by a dead one does not count. */
export function runningPostmaster(cluster: string): Postmaster | undefined {
  let text: string;
  try {
    text = fs.readFileSync(pidFileOf(cluster), 'utf8');
  } catch {
    return undefined;
  }
  const [pid, , , port, , , , status] = text.split('\n');
  const postmaster = { pid: Number(pid), port: Number(port), ready: status?.trim() === 'ready' };
  return postmaster.pid > 0 && isRunning(postmaster.pid, cluster) ? postmaster : undefined;
}

/**
 * A process number alone proves nothing: after a restart of the machine it may belong to something else, and a server
 * that nobody has reaped (a zombie) still answers to signals. Its command line names the data folder, a zombie's is empty.
 */
export function isRunning(pid: number, cluster: string): boolean {
  try {
    if (process.platform === 'linux' && fs.existsSync('/proc/self/cmdline')) {
      return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(cluster);
    }
    if (process.platform !== 'win32') {
      return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).includes(
        cluster,
      );
    }
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** A port that nobody listens on at this moment; it can be lost before it is used, so the user of it tries again. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}
