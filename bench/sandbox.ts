import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Running, startProduct } from './processes.js';
import { demand, Refusal, Steps } from './steps.js';

const ADMINISTRATOR = { email: 'admin@example.com', password: 'four random words are good' };
const LOOK_MS = 200;
/** A journey of the clock that has not gone on for so long is stuck. */
const PATIENCE_MS = 120_000;

// A program looks into the few fields that it needs; the shapes are tested elsewhere.
type Json = ReturnType<typeof JSON.parse>;

/** A store of its own in its own process, empty, with its database, its gateway and its letters in a folder that goes with it. */
export class Sandbox {
  private constructor(
    readonly letters: string,
    readonly steps: Steps,
    private readonly running: Running,
    private readonly folder: string,
  ) {}

  static async open(): Promise<Sandbox> {
    const folder = mkdtempSync(path.join(tmpdir(), 'guildhall-sandbox-'));
    const { email, password } = ADMINISTRATOR;
    const settings = { DATA_DIR: folder, ADMIN_EMAIL: email, ADMIN_PASSWORD: password };
    const running = await startProduct(settings).catch((error: unknown) => {
      rmSync(folder, { recursive: true, force: true });
      throw error;
    });
    return new Sandbox(path.join(folder, 'mail'), new Steps(running.url), running, folder);
  }

  async close(): Promise<void> {
    await this.running.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Whoever has this password is who asks from now on. Access tokens go by real time and are short. */
  async signIn({ email, password } = ADMINISTRATOR): Promise<void> {
    this.steps.headers = {};
    const { accessToken } = await this.steps.call('POST', '/v1/auth/login', [200], { email, password });
    this.steps.headers = { authorization: `Bearer ${accessToken}` };
  }

  get(route: string): Promise<Json> {
    return this.steps.call('GET', route, [200]);
  }

  /** All pages of a list. */
  async all(route: string): Promise<Json[]> {
    const items: Json[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const page: Json = await this.get(`${route}&limit=100${cursor && `&cursor=${cursor}`}`);
      items.push(...page.items);
      cursor = page.nextCursor ?? null;
    }
    return items;
  }

  /**
   * As staff: asks for the clock to be moved, and waits until it stands there with all that was due on the way done. Answers how
   * many stops it made.
   */
  async moveTo(to: string): Promise<number> {
    const { id } = await this.steps.call('POST', '/v1/admin/test-clock/advancements', [202], { to });
    let [before, since] = [-1, performance.now()];
    for (; ; await sleep(LOOK_MS)) {
      const journey = await this.get(`/v1/admin/test-clock/advancements/${id}`);
      const { state, steps, unsettledSteps, failures } = journey;
      if (state === 'failed') throw new Refusal(journey.error);
      if (state === 'finished') {
        demand(failures.length === 0, `jobs failed on the way: ${JSON.stringify(failures)}`);
        demand(unsettledSteps === 0, `something was still busy after ${unsettledSteps} stops`);
        return steps;
      }
      if (steps !== before) [before, since] = [steps, performance.now()];
      demand(performance.now() - since < PATIENCE_MS, `the clock has stood still since ${journey.reached}`);
    }
  }
}
