import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import type { Plan, PlanTerms, PlanVersion } from './plan.js';

export interface PlanFilter {
  readonly state: string | null;
  readonly kind: string | null;
}

/** Plans and their versions. */
@Injectable()
export class PlanRepository {
  constructor(private readonly database: Database) {}

  /** False when the code is taken. */
  async insert(plan: Plan): Promise<boolean> {
    const { id, code, title, description, kind, state, createdAt } = plan;
    const inserted = await this.database.execute(
      `INSERT INTO billing.plans (id, code, title, description, kind, state, created_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (code) DO NOTHING`,
      [id, code, title, description, kind, state, createdAt],
    );
    return inserted === 1;
  }

  async find(id: string): Promise<Plan | null> {
    const [plan] = await this.database.query<Plan>(`${SELECT} WHERE p.id = $1`, [id]);
    return plan ?? null;
  }

  async lock(id: string): Promise<Plan | null> {
    const [plan] = await this.database.query<Plan>(`${SELECT} WHERE p.id = $1 FOR UPDATE`, [id]);
    return plan ?? null;
  }

  /** The caller holds its lock. */
  async change({ id, title, description, state }: Plan): Promise<void> {
    await this.database.execute(
      'UPDATE billing.plans SET title = $2, description = $3, state = $4, version = version + 1 WHERE id = $1',
      [id, title, description, state],
    );
  }

  /** The newest first. */
  list({ state, kind }: PlanFilter, after: string | null, limit: number): Promise<Plan[]> {
    return this.database.query<Plan>(
      `${SELECT} WHERE ($1::text IS NULL OR p.state = $1) AND ($2::text IS NULL OR p.kind = $2)
         AND ($3::uuid IS NULL OR p.id < $3) ORDER BY p.id DESC LIMIT $4`,
      [state, kind, after, limit],
    );
  }

  /** The caller holds the lock of the plan. Answers its number. */
  async addVersion(version: Omit<PlanVersion, 'number'>): Promise<number> {
    const [row] = await this.database.query<{ number: number }>(ADD_VERSION, [
      version.id,
      version.planId,
      version.validFrom,
      version.appliesTo,
      version.interval.unit,
      version.interval.count,
      version.trialDays,
      version.pricesIncludeTax,
      JSON.stringify(version.prices),
      JSON.stringify(version.taxes),
      JSON.stringify(version.components),
      version.createdBy,
      version.createdAt,
    ]);
    return row?.number ?? 0;
  }

  /** All versions of these plans, the newest first. */
  async versions(planIds: readonly string[]): Promise<PlanTerms[]> {
    return this.terms(`v.plan_id = ANY ($1::uuid[]) ORDER BY v.plan_id, v.number DESC`, [planIds]);
  }

  /** What somebody who subscribes at this moment gets; null when there is nothing yet. */
  async sold(planId: string, at: Date): Promise<PlanTerms | null> {
    const [terms] = await this.terms(`v.plan_id = $1 AND v.valid_from <= $2 ORDER BY v.number DESC LIMIT 1`, [
      planId,
      at,
    ]);
    return terms ?? null;
  }

  async version(id: string): Promise<PlanTerms | null> {
    const [terms] = await this.terms('v.id = $1', [id]);
    return terms ?? null;
  }

  /** What a period that begins at this moment costs somebody who has these terms: a newer version, where it is for all. */
  async succeeding(present: PlanTerms, at: Date): Promise<PlanTerms> {
    const [terms] = await this.terms(
      `v.plan_id = $1 AND v.number > $2 AND v.applies_to = 'all' AND v.valid_from <= $3 ORDER BY v.number DESC LIMIT 1`,
      [present.planId, present.number, at],
    );
    return terms ?? present;
  }

  private async terms(where: string, values: unknown[]): Promise<PlanTerms[]> {
    const rows = await this.database.query<{ terms: PlanTerms }>(
      `SELECT (${PLAN_TERMS}) AS terms FROM billing.plan_versions v JOIN billing.plans p ON p.id = v.plan_id WHERE ${where}`,
      values,
    );
    return rows.map(({ terms }) => ({
      ...terms,
      validFrom: new Date(terms.validFrom),
      createdAt: new Date(terms.createdAt),
    }));
  }
}

const SELECT = `SELECT p.id, p.code, p.title, p.description, p.kind, p.state, p.version, p.created_at AS "createdAt"
  FROM billing.plans p`;
/** SQL: a version `v` of a plan `p` as `PlanTerms`; its times are texts. */
export const PLAN_TERMS = `jsonb_build_object('id', v.id, 'planId', v.plan_id, 'number', v.number, 'validFrom', v.valid_from,
  'appliesTo', v.applies_to, 'interval', jsonb_build_object('unit', v.interval_unit, 'count', v.interval_count),
  'trialDays', v.trial_days, 'pricesIncludeTax', v.prices_include_tax, 'prices', v.prices, 'taxes', v.taxes,
  'components', v.components, 'createdBy', v.created_by, 'createdAt', v.created_at, 'code', p.code, 'title', p.title,
  'kind', p.kind, 'state', p.state)`;
const ADD_VERSION = `
  INSERT INTO billing.plan_versions (id, plan_id, number, valid_from, applies_to, interval_unit, interval_count, trial_days,
    prices_include_tax, prices, taxes, components, created_by, created_at)
  SELECT $1, $2, coalesce(max(number), 0) + 1, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13
  FROM billing.plan_versions WHERE plan_id = $2 RETURNING number`;
