import { setTimeout as wait } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../clock.js';
import { Database } from '../database/database.js';
import type { Difference, IntegrityCheck } from './integrity.js';
import { IntegrityRegistry } from './integrity.registry.js';
import { type HeldRun, IntegrityRuns } from './integrity-runs.js';

/** Subjects of one page. */
const BATCH = 200;
/** A difference that is gone after this long was something under way. */
const LOOK_AGAIN_MS = 100;
/** A place that fails this often, or ends the process, is left out: the other checks go on. */
const ATTEMPTS = 3;

interface Page {
  subjects: number;
  differences: Difference[];
  /** Null: it was the last page. */
  after: string | null;
  failed: boolean;
}

/**
 * Carries out runs of the integrity check, page by page; each page is kept with the place that it brings the run to, so a
 * worker that dies leaves a run that another takes up there.
 */
@Injectable()
export class IntegrityRunner {
  private readonly log = new Logger('integrity');

  constructor(
    private readonly database: Database,
    private readonly registry: IntegrityRegistry,
    private readonly runs: IntegrityRuns,
    private readonly clock: Clock,
  ) {}

  /** Carries out the run that waits, if there is one. Safe to repeat, and beside itself. */
  async work(): Promise<void> {
    const run = await this.runs.claim(this.clock.now());
    if (run === null) return;
    try {
      await this.carryOut(run);
    } catch (error) {
      await this.runs.letGo(run);
      throw error;
    }
  }

  private async carryOut(run: HeldRun): Promise<void> {
    const checks = this.registry.inTurn().filter(({ code }) => run.check === null || code >= run.check);
    for (const [index, check] of checks.entries()) {
      const next = checks[index + 1]?.code ?? null;
      let after = check.code === run.check ? run.after : null;
      do {
        const page = await this.pageOrSkip(run, check, after);
        if (!(await this.keep(run, check, page, next))) return;
        run.attempts = 1;
        after = page.after;
      } while (after !== null);
    }
    this.tell(run);
  }

  private async pageOrSkip(run: HeldRun, check: IntegrityCheck, after: string | null): Promise<Page> {
    if (run.attempts > ATTEMPTS) return { subjects: 0, differences: [], after: null, failed: true };
    try {
      return await this.page(check, after);
    } catch (error) {
      this.log.warn({ err: error, check: check.code }, 'a check could not be made');
      throw error;
    }
  }

  private async page(check: IntegrityCheck, after: string | null): Promise<Page> {
    const { ids, suspects } = await this.database.snapshot(async () => {
      const ids = await check.subjects(after, BATCH);
      return { ids, suspects: ids.length > 0 ? await check.look(ids) : [] };
    });
    const differences = suspects.length > 0 ? await this.again(check, suspects) : [];
    const last = ids.length === BATCH ? (ids.at(-1) ?? null) : null;
    return { subjects: ids.length, differences, after: last, failed: false };
  }

  /** What is still wrong a moment later, and not because somebody has yet to hear of it. */
  private async again(check: IntegrityCheck, suspects: readonly Difference[]): Promise<Difference[]> {
    await wait(LOOK_AGAIN_MS);
    const ids = suspects.map(({ subjectId }) => subjectId);
    return this.database.snapshot(async () => {
      const underWay = await this.runs.underWay(ids);
      const quiet = ids.filter((id) => !underWay.has(id));
      return quiet.length > 0 ? check.look(quiet) : [];
    });
  }

  /** False when another worker has taken the run over. */
  private keep(run: HeldRun, check: IntegrityCheck, page: Page, next: string | null): Promise<boolean> {
    const { code } = check;
    const before = run.results[code] ?? { subjects: 0, findings: 0, failed: false };
    run.results[code] = {
      subjects: before.subjects + page.subjects,
      findings: before.findings + page.differences.length,
      failed: page.failed,
    };
    const place = page.after === null ? { check: next, after: null } : { check: code, after: page.after };
    const now = this.clock.now();
    return this.database.transaction(async () => {
      if (!(await this.runs.moveTo(run, place, now))) return false;
      await this.runs.write(run.id, check, page.differences, now);
      if (page.after === null && !page.failed) await this.runs.resolve(run.id, code, now);
      if (place.check === null) {
        await this.runs.resolveOthers(
          this.registry.inTurn().map((one) => one.code),
          now,
        );
      }
      return true;
    });
  }

  private tell({ id, results }: HeldRun): void {
    const all = Object.values(results);
    const sum = (count: (one: (typeof all)[number]) => number) => all.reduce((n, one) => n + count(one), 0);
    const findings = sum((one) => one.findings);
    const failed = sum((one) => (one.failed ? 1 : 0));
    const told = { run: id, checks: all.length, subjects: sum((one) => one.subjects), findings, failed };
    if (findings + failed > 0) this.log.warn(told, 'the integrity check found something');
    else this.log.log(told, 'the integrity check found nothing');
  }
}
