import { Injectable } from '@nestjs/common';
import { type Actor, personId } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Clock } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { requireVersion } from '../../platform/http/etag.js';
import { Cursors, type Page } from '../../platform/http/page.js';
import { type FieldError, platformProblems } from '../../platform/http/problem.js';
import { newId } from '../../platform/ids.js';
import { faultsOfTerms, stillHad, termsOf } from './plan-terms.js';
import { type AddPlanVersionDto, OfferedTermsDto, type PlanTermsDto } from './plan-terms.dto.js';
import {
  type CreatePlanDto,
  type OfferedPlanDto,
  PlanDto,
  type PlanQuery,
  type UpdatePlanDto,
} from './plan.dto.js';
import type { Plan, PlanTerms } from './plan.js';
import { PlanRepository } from './plan.repository.js';

/** What can be subscribed to. Its terms never change: others are a further version. */
@Injectable()
export class Plans {
  constructor(
    private readonly database: Database,
    private readonly rows: PlanRepository,
    private readonly audit: Audit,
    private readonly clock: Clock,
    private readonly cursors: Cursors,
  ) {}

  /** A page for staff, the newest first, with all versions. */
  async list({ limit, cursor, ...wanted }: PlanQuery): Promise<Page<PlanDto>> {
    const { state = null, kind = null } = wanted;
    const list = `plans ${state} ${kind}`;
    const [after = null] = this.cursors.decode(list, cursor) ?? [];
    const rows = await this.rows.list({ state, kind }, after as string | null, limit + 1);
    const page = this.cursors.page(list, rows, limit, ({ id }) => [id]);
    const versions = await this.rows.versions(page.items.map(({ id }) => id));
    return { ...page, items: page.items.map((plan) => PlanDto.from(plan, versions)) };
  }

  /** A page for everybody: what can be subscribed to, with the terms of now. */
  async offered(limit: number, cursor: string | undefined): Promise<Page<OfferedPlanDto>> {
    const list = 'plans-offered';
    const [after = null] = this.cursors.decode(list, cursor) ?? [];
    const rows = await this.rows.list({ state: 'active', kind: null }, after as string | null, limit + 1);
    const page = this.cursors.page(list, rows, limit, ({ id }) => [id]);
    const now = this.clock.now();
    const versions = await this.rows.versions(page.items.map(({ id }) => id));
    const items = page.items.flatMap(({ id, code, title, description, kind }) => {
      const terms = versions.find(({ planId, validFrom }) => planId === id && validFrom <= now);
      return terms
        ? [{ ...{ id, code, title, description, kind }, terms: OfferedTermsDto.offered(terms) }]
        : [];
    });
    return { ...page, items };
  }

  async get(id: string): Promise<PlanDto> {
    const plan = await this.rows.find(id);
    if (plan === null) throw platformProblems.not_found();
    return PlanDto.from(plan, await this.rows.versions([id]));
  }

  /** 409 when the code is taken, by an archived plan too. */
  create(
    { code, title, description = null, kind = 'service', terms }: CreatePlanDto,
    actor: Actor,
  ): Promise<PlanDto> {
    refuse(faultsOfTerms(termsOf(terms), '/terms'));
    return this.database.transaction(async () => {
      const now = this.clock.now();
      const plan: Plan = {
        id: newId(),
        code,
        title,
        description,
        kind,
        state: 'active',
        version: 1,
        createdAt: now,
      };
      if (!(await this.rows.insert(plan)))
        throw platformProblems.conflict('There is a plan of this code.', {
          errors: [{ pointer: '/code', code: 'taken', message: 'is taken' }],
        });
      await this.append(plan.id, terms, { validFrom: now, appliesTo: 'new' }, actor);
      return this.finish(plan, 'created', actor, { code });
    });
  }

  update(id: string, input: UpdatePlanDto, version: number | null, actor: Actor): Promise<PlanDto> {
    return this.change(id, version, actor, 'updated', (plan) => ({ ...plan, ...input }));
  }

  /** Nobody subscribes to it any more; who has it keeps it. */
  async archive(id: string, version: number | null, actor: Actor): Promise<void> {
    await this.change(id, version, actor, 'archived', (plan) => ({ ...plan, state: 'archived' }));
  }

  /** Further terms; those before stay for who has them, unless these are for all. */
  addVersion(id: string, input: AddPlanVersionDto, version: number | null, actor: Actor): Promise<PlanDto> {
    return this.database.transaction(async () => {
      const plan = await this.locked(id, version);
      const now = this.clock.now();
      const validFrom = input.validFrom === undefined ? now : new Date(input.validFrom);
      const versions = await this.rows.versions([id]);
      const [before] = versions;
      const own: FieldError[] = [];
      const early = (message: string) => own.push({ pointer: '/validFrom', code: 'too_early', message });
      if (validFrom < now) early('must not be in the past');
      else if (before && validFrom < before.validFrom) early('must not be before that of the newest version');
      const forAll = input.appliesTo === 'all';
      refuse([...own, ...faultsOfTerms(termsOf(input), '', { versions: stillHad(versions), forAll })]);
      const number = await this.append(id, input, { validFrom, appliesTo: input.appliesTo }, actor);
      await this.rows.change(plan);
      return this.finish(plan, 'version_added', actor, { number, appliesTo: input.appliesTo });
    });
  }

  private append(
    planId: string,
    input: PlanTermsDto,
    { validFrom, appliesTo }: Pick<PlanTerms, 'validFrom' | 'appliesTo'>,
    actor: Actor,
  ): Promise<number> {
    const createdBy = personId(actor) ?? actor.kind;
    const how = { validFrom, appliesTo, createdBy, createdAt: this.clock.now() };
    return this.rows.addVersion({ id: newId(), planId, ...termsOf(input), ...how });
  }

  private change(
    id: string,
    version: number | null,
    actor: Actor,
    what: string,
    next: (plan: Plan) => Plan,
  ): Promise<PlanDto> {
    return this.database.transaction(async () => {
      const plan = await this.locked(id, version);
      await this.rows.change(next(plan));
      return this.finish(plan, what, actor, { code: plan.code });
    });
  }

  private async locked(id: string, version: number | null): Promise<Plan> {
    const plan = await this.rows.lock(id);
    if (plan === null) throw platformProblems.not_found();
    requireVersion(version, plan.version);
    return plan;
  }

  private finish(
    { id }: Plan,
    what: string,
    actor: Actor,
    details: Record<string, unknown>,
  ): Promise<PlanDto> {
    this.audit.record({ actor, action: `billing.plan.${what}`, subjectType: 'plan', subjectId: id, details });
    return this.get(id);
  }
}

function refuse(errors: FieldError[]): void {
  const [first] = errors;
  if (first) throw platformProblems.invalid_input(`${first.pointer.slice(1)} ${first.message}.`, { errors });
}
