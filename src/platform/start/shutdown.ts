import { setTimeout as sleep } from 'node:timers/promises';
import { stacksOf, tellFailure } from './failure.js';

/** Whatever is still going on when all patience is used up. */
const PATIENCE_MS = 30_000;
/** Ctrl-C in a terminal comes twice when npm passes it on as well; only a later one means impatience. */
const ECHO_MS = 1_500;

interface Step {
  run: () => Promise<void>;
  patienceMs: number;
}

/**
 * Ends the process in order: the steps run in the reverse of the order in which they were added, so that what was
 * started last, and leans on the rest, stops first.
 *
 * Nest's own shutdown hooks are not used: they raise the signal again and the process dies while its database is still
 * stopping.
 */
export class Shutdown {
  private readonly steps: Step[] = [];
  private running: Promise<void> | undefined;
  private begunAt = 0;

  get begun(): boolean {
    return this.running !== undefined;
  }

  /** A step that does not end in time is left behind, so that those after it get their turn. */
  add(run: () => Promise<void>, patienceMs: number): void {
    this.steps.push({ run, patienceMs });
  }

  /** The first signal drains, a later one ends at once. */
  listen(): void {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        if (!this.begun) void this.exit(0);
        else if (performance.now() - this.begunAt > ECHO_MS) process.exit(1);
      });
    }
    for (const defect of ['uncaughtException', 'unhandledRejection'] as const) {
      process.on(defect, (error) => {
        console.error(stacksOf(error));
        void this.exit(1);
      });
    }
  }

  async exit(code: number): Promise<void> {
    setTimeout(() => {
      console.error(`Still not stopped after ${PATIENCE_MS / 1000} seconds: ending anyway.`);
      process.exit(1);
    }, PATIENCE_MS).unref();
    if (!this.running) {
      this.begunAt = performance.now();
      this.running = this.run();
    }
    await this.running;
    process.exit(code);
  }

  private async run(): Promise<void> {
    // A step may still be added by a start that is under way.
    for (let step = this.steps.pop(); step; step = this.steps.pop()) {
      try {
        await Promise.race([step.run(), sleep(step.patienceMs, undefined, { ref: false })]);
      } catch (error) {
        console.error(tellFailure(error));
      }
    }
  }
}
