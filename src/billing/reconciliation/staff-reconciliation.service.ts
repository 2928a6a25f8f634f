import { Injectable } from '@nestjs/common';
import { type Actor, actorId } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Clock } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { requireVersion } from '../../platform/http/etag.js';
import { Cursors, type Page, type PageQuery } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { PaymentGateway } from '../gateway/payment-gateway.port.js';
import { CaseRepository } from './case.repository.js';
import {
  ReconciliationCaseDto,
  type ReconciliationCaseQuery,
  ReconciliationRunDto,
  type ResolveCaseDto,
  SettlementLineDto,
  type SettlementLineQuery,
  type StartReconciliationDto,
} from './reconciliation.dto.js';
import { reconciliationProblems } from './reconciliation.errors.js';
import { RunRepository } from './run.repository.js';
import { SettlementLineRepository } from './settlement-line.repository.js';

const DAY = 86_400_000;
/** How far back the first run looks, and how far every other looks over the one before. */
const FIRST_DAYS = 30;
const OVERLAP_DAYS = 7;
const MOST_DAYS = 366;

/** Reconciliation as staff start it, read it and decide about what it found. */
@Injectable()
export class StaffReconciliation {
  constructor(
    private readonly database: Database,
    private readonly gateway: PaymentGateway,
    private readonly lines: SettlementLineRepository,
    private readonly cases: CaseRepository,
    private readonly rows: RunRepository,
    private readonly audit: Audit,
    private readonly clock: Clock,
    private readonly cursors: Cursors,
  ) {}

  /** A run that begins within seconds; one that waits for the same time is that run. 400 for a time that cannot be. */
  async start({ from, to }: StartReconciliationDto, actor: Actor): Promise<ReconciliationRunDto> {
    if (!this.gateway.isConfigured) throw reconciliationProblems.no_gateway();
    const now = this.clock.now();
    const end = to === undefined ? now : new Date(to);
    if (end > now)
      throw platformProblems.invalid_input(undefined, {
        errors: [{ pointer: '/to', code: 'in_the_future', message: 'must not be in the future' }],
      });
    const begin = from === undefined ? new Date(end.getTime() - FIRST_DAYS * DAY) : new Date(from);
    const days = (end.getTime() - begin.getTime()) / DAY;
    if (days <= 0 || days > MOST_DAYS)
      throw platformProblems.invalid_input(undefined, {
        errors: [
          {
            pointer: '/from',
            code: 'out_of_range',
            message: `must be before \`to\`, at most ${MOST_DAYS} days`,
          },
        ],
      });
    return this.database.transaction(async () => {
      const run = await this.rows.start(this.gateway.code, begin, end, actorId(actor), this.clock.now());
      const action = 'billing.reconciliation.started';
      this.audit.record({ actor, action, subjectType: 'reconciliation_run', subjectId: run.id });
      return ReconciliationRunDto.from(run);
    });
  }

  /** Once a night: what was told since the last time, and a week before it for what came late. */
  async startNightly(): Promise<void> {
    if (!this.gateway.isConfigured) return;
    const now = this.clock.now();
    const last = await this.rows.lastNightly(this.gateway.code);
    if (last && now.getTime() - last.createdAt.getTime() < DAY / 2) return;
    const back = last ? last.to.getTime() - OVERLAP_DAYS * DAY : now.getTime() - FIRST_DAYS * DAY;
    await this.rows.start(this.gateway.code, new Date(back), now, null, now);
  }

  async runs({ limit, cursor }: PageQuery): Promise<Page<ReconciliationRunDto>> {
    const [after = null] = this.cursors.decode('reconciliation runs', cursor) ?? [];
    const rows = await this.rows.list(after as string | null, limit + 1);
    const page = this.cursors.page('reconciliation runs', rows, limit, ({ id }) => [id]);
    return { ...page, items: page.items.map((row) => ReconciliationRunDto.from(row)) };
  }

  async run(id: string): Promise<ReconciliationRunDto> {
    const run = await this.rows.find(id);
    if (run === null) throw platformProblems.not_found();
    return ReconciliationRunDto.from(run);
  }

  async settlementLines(query: SettlementLineQuery): Promise<Page<SettlementLineDto>> {
    const { limit, cursor, status = null, kind = null, operationId = null, payoutRef = null } = query;
    const filter = { status, kind, operationId, payoutRef };
    const list = `settlement ${JSON.stringify(filter)}`;
    const after = this.cursors.decode(list, cursor) as [string, string] | null;
    const rows = await this.lines.list(filter, after, limit + 1);
    const page = this.cursors.page(list, rows, limit, ({ at, id }) => [at.toISOString(), id]);
    return { ...page, items: page.items.map((row) => SettlementLineDto.from(row)) };
  }

  async list(query: ReconciliationCaseQuery): Promise<Page<ReconciliationCaseDto>> {
    const { limit, cursor, state = null, kind = null } = query;
    const list = `cases ${JSON.stringify([state, kind])}`;
    const after = this.cursors.decode(list, cursor) as [string, string] | null;
    const rows = await this.cases.list({ state, kind }, after, limit + 1);
    const page = this.cursors.page(list, rows, limit, ({ createdAt, id }) => [createdAt.toISOString(), id]);
    return { ...page, items: page.items.map((row) => ReconciliationCaseDto.from(row)) };
  }

  async get(id: string): Promise<ReconciliationCaseDto> {
    const found = await this.cases.find(id);
    if (found === null) throw platformProblems.not_found();
    return ReconciliationCaseDto.from(found);
  }

  /** A person says what became of a case and why. Nothing is booked by it. 409 when it is resolved, 412 when it has changed. */
  async resolve(
    id: string,
    { resolution, reason }: ResolveCaseDto,
    version: number | null,
    actor: Actor,
  ): Promise<ReconciliationCaseDto> {
    return this.database.transaction(async () => {
      const present = await this.get(id);
      requireVersion(version, present.version);
      if (present.state === 'resolved') throw reconciliationProblems.case_resolved();
      const by = actorId(actor);
      if (!(await this.cases.resolve(id, present.version, { resolution, reason, by }, this.clock.now())))
        throw platformProblems.stale_version();
      const action = 'billing.reconciliation_case.resolved';
      this.audit.record({
        actor,
        action,
        subjectType: 'reconciliation_case',
        subjectId: id,
        details: { resolution },
      });
      return this.get(id);
    });
  }
}
