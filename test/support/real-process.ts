import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Ending {
  code: number | null;
  /** What it said on its standard error, line by line. */
  complaints: string[];
  output: string;
}

/** The compiled program in a process of its own, as `npm start` runs it. */
export class RealProcess {
  private static readonly all: RealProcess[] = [];
  private readonly child: ChildProcess;
  private output = '';
  private errors = '';

  private constructor(program: string, parameters: string[], settings: Record<string, string>) {
    const { PATH, HOME } = process.env;
    this.child = spawn(process.execPath, [path.resolve('dist', program), ...parameters], {
      // Nothing of the test's own settings: what it is not told, it has to find out.
      env: { PATH, HOME, PORT: '0', LOG_LEVEL: 'error', ...settings } as NodeJS.ProcessEnv,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.output += text));
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.errors += text));
    RealProcess.all.push(this);
  }

  static start(settings: Record<string, string>): RealProcess {
    return new RealProcess('src/main.js', [], settings);
  }

  /** Another program of ours, to its end. */
  static async run(
    program: string,
    settings: Record<string, string>,
    ...parameters: string[]
  ): Promise<Ending> {
    return new RealProcess(program, parameters, settings).ending();
  }

  /** Stops hard whatever a failed test has left running. */
  static async sweep(folders: string[]): Promise<void> {
    for (const one of RealProcess.all.splice(0)) await one.kill();
    for (const folder of folders) {
      const postmaster = postmasterOf(folder);
      if (postmaster) process.kill(postmaster, 'SIGQUIT');
      fs.rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    }
  }

  /** Its address, once it says that it is open. */
  async url(): Promise<string> {
    for (let look = 0; look < 2_400; look++) {
      const found = /Health +(\S+)\/health\/ready/.exec(this.output)?.[1];
      if (found) return found.replace('localhost', '127.0.0.1');
      if (this.ended) throw new Error(`it ended: ${this.errors}`);
      await sleep(50);
    }
    throw new Error(`it did not open in two minutes: ${this.output}${this.errors}`);
  }

  async ending(): Promise<Ending> {
    if (!this.ended) await once(this.child, 'exit');
    // The last words may arrive after the end.
    await sleep(20);
    const complaints = this.errors.split('\n').filter((line) => line !== '');
    return { code: this.child.exitCode, complaints, output: this.output };
  }

  /** The signal that ended it; null when it ended by itself. */
  async signal(): Promise<NodeJS.Signals | null> {
    if (!this.ended) await once(this.child, 'exit');
    return this.child.signalCode;
  }

  async terminate(): Promise<Ending> {
    this.child.kill('SIGTERM');
    return this.ending();
  }

  async kill(): Promise<void> {
    if (this.ended) return;
    this.child.kill('SIGKILL');
    await once(this.child, 'exit');
  }

  private get ended(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }
}

export function newFolder(): string {
  return fs.mkdtempSync(path.join(os.tmpdir(), 'guildhall-start-'));
}

/** Process number of the embedded server that has the folder open. */
export function postmasterOf(folder: string): number | undefined {
  const file = path.join(folder, 'postgres/data/postmaster.pid');
  return fs.existsSync(file) ? Number(fs.readFileSync(file, 'utf8').split('\n')[0]) : undefined;
}
