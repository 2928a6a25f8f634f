import { describeFailure } from './failure.js';

/** After this long the process ends whatever is still going on. */
const PATIENCE_MS = 30_000;

/**
 * Ends the process in order: the steps run in the reverse of the order in which they were added, so that what was
 * started last, and leans on the rest, stops first.
 *
 * Nest's own shutdown hooks are not used: they raise the signal again and the process dies while its database is still
 * stopping.
 */
export class Shutdown {
  private readonly steps: (() => Promise<void>)[] = [];
  private running: Promise<void> | undefined;

  get begun(): boolean {
    return this.running !== undefined;
  }

  add(step: () => Promise<void>): void {
    this.steps.push(step);
  }

  /** The first signal drains, the second one ends at once. */
  listen(): void {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        if (this.begun) process.exit(1);
        void this.exit(0);
      });
    }
    for (const defect of ['uncaughtException', 'unhandledRejection'] as const) {
      process.on(defect, (error) => {
        console.error(error);
        void this.exit(1);
      });
    }
  }

  async exit(code: number): Promise<void> {
    setTimeout(() => {
      console.error(`Still not stopped after ${PATIENCE_MS / 1000} seconds: ending anyway.`);
      process.exit(1);
    }, PATIENCE_MS).unref();
    await (this.running ??= this.run());
    process.exit(code);
  }

  private async run(): Promise<void> {
    // A step may still be added by a start that is under way.
    for (let step = this.steps.pop(); step; step = this.steps.pop()) {
      try {
        await step();
      } catch (error) {
        console.error(describeFailure(error) ?? error);
      }
    }
  }
}
