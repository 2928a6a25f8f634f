import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { StartFailure } from './failure.js';

export interface ChildServiceOptions {
  name: string;
  /** A program that takes `--port`, prints one line `{"url": …}` when it listens and ends on SIGTERM. */
  program: string;
  arguments: string[];
  /** Takes what the user should know, a line at a time. */
  report: (line: string) => void;
}

/** A Node program in a process of its own, which is started again, on the same port, when it dies. */
export class ChildService {
  url = '';
  private child: ChildProcess | undefined;
  private stopping = false;

  constructor(private readonly options: ChildServiceOptions) {}

  async start(port = 0): Promise<void> {
    const { name, program } = this.options;
    // A group of its own: Ctrl-C reaches the main program first, which may still need this one to finish its requests.
    // The open pipe to its input tells it when the main program was killed.
    const child = spawn(process.execPath, [program, '--port', String(port), ...this.options.arguments], {
      detached: true,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.child = child;
    child.stdin.on('error', () => undefined);
    this.url = await new Promise<string>((resolve, reject) => {
      const failed = (cause: string) =>
        reject(
          new StartFailure(`The ${name} did not start: ${cause}.`, `Try it alone: node ${program} --port 0`),
        );
      child.once('error', (error) => failed(error.message));
      child.once('exit', (code, signal) => failed(`it ended with ${code ?? signal}`));
      createInterface({ input: child.stdout }).on('line', (line) => {
        if (line.startsWith('{')) resolve((JSON.parse(line) as { url: string }).url);
      });
    });
    child.once('exit', () => {
      if (!this.stopping) void this.revive();
    });
  }

  async stop(): Promise<void> {
    this.stopping = true;
    const child = this.child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGTERM');
    const patience = setTimeout(() => child.kill('SIGKILL'), 3_000);
    await gone;
    clearTimeout(patience);
  }

  private async revive(): Promise<void> {
    const port = Number(new URL(this.url).port);
    this.options.report(`The ${this.options.name} has stopped by itself: starting it again.`);
    for (let pause = 100; !this.stopping; pause = Math.min(pause * 2, 5_000)) {
      try {
        await this.start(port);
        return;
      } catch (error) {
        this.options.report((error as Error).message);
        await sleep(pause);
      }
    }
  }
}
