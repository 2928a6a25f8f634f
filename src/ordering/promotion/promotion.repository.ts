import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import type { MoneyJson } from '../../platform/money/money.js';
import type { RedemptionState } from './promotion.dto.js';
import type { GroupMode, GroupModes, Promotion, PromotionGroup, StandingPromotions } from './promotion.js';
import { LIVE } from './redemption.repository.js';

/** A promotion with what became of it. */
export interface StoredPromotion extends Promotion {
  used: { orders: number; amounts: MoneyJson[] };
  createdAt: Date;
  updatedAt: Date;
}

export interface PromotionFilter {
  status: string | null;
  group: string | null;
  trigger: string | null;
  q: string | null;
}

export interface RedemptionView {
  orderId: string;
  orderNumber: string;
  code: string | null;
  amount: string;
  currency: string;
  state: RedemptionState;
  beyond: boolean;
  createdAt: Date;
}

export interface GroupSetting {
  group: PromotionGroup;
  mode: GroupMode;
  version: number;
}

type Row<P extends Promotion> = Omit<P, 'budget'> & { budget: string | null };

/** Promotions as staff keep them. Only limits and budgets are asked about under load, and not here. */
@Injectable()
export class PromotionRepository {
  constructor(private readonly database: Database) {}

  async list(
    filter: PromotionFilter,
    after: string | null,
    limit: number,
    now: Date,
  ): Promise<StoredPromotion[]> {
    const { status, group, trigger, q } = filter;
    const pattern = q === null ? null : `%${q.replace(/[\\%_]/g, '\\$&')}%`;
    const values = [now, status, group, trigger, pattern, after, limit];
    return (await this.database.query<Row<StoredPromotion>>(LIST, values)).map(toPromotion);
  }

  async find(id: string, now: Date): Promise<StoredPromotion | null> {
    const [row] = await this.database.query<Row<StoredPromotion>>(`${VIEW} WHERE p.id = $2`, [now, id]);
    return row ? toPromotion(row) : null;
  }

  /** One that will be changed; an archived one does not change any more. */
  async lock(id: string): Promise<Promotion | null> {
    const [row] = await this.database.query<Row<Promotion>>(
      `SELECT ${FIELDS} FROM ordering.promotions p WHERE p.id = $1 AND p.status <> 'archived' FOR NO KEY UPDATE`,
      [id],
    );
    return row ? toPromotion(row) : null;
  }

  async insert(promotion: Promotion, now: Date): Promise<void> {
    await this.database.execute(INSERT, [...valuesOf(promotion), promotion.group, promotion.trigger, now]);
  }

  async update(promotion: Promotion, now: Date): Promise<void> {
    await this.database.execute(UPDATE, [...valuesOf(promotion), now]);
  }

  /** What applies to carts by itself, of those that can do so still; and how each group picks. In one statement. */
  async standing(now: Date): Promise<StandingPromotions> {
    const rows = await this.database.query<Row<Promotion> & { group: PromotionGroup; mode: GroupMode }>(
      STANDING,
      [now],
    );
    const modes = Object.fromEntries(rows.map(({ group, mode }) => [group, mode])) as unknown as GroupModes;
    const automatic = rows.filter(({ id }) => id !== null).map(({ mode: _, ...row }) => toPromotion(row));
    return { modes, automatic: automatic as Promotion[] };
  }

  groups(): Promise<GroupSetting[]> {
    return this.database.query<GroupSetting>(GROUPS);
  }

  async lockGroup(group: string): Promise<GroupSetting | null> {
    const [row] = await this.database.query<GroupSetting>(LOCK_GROUP, [group]);
    return row ?? null;
  }

  async setMode({ group, mode, version }: GroupSetting): Promise<void> {
    await this.database.execute(
      'UPDATE ordering.promotion_groups SET mode = $2, version = $3 WHERE promotion_group = $1',
      [group, mode, version],
    );
  }

  /** Some of those that nobody was told of yet; they are told from now on. */
  async untold(limit: number): Promise<Promotion[]> {
    return (await this.database.query<Row<Promotion>>(TELL, [limit])).map(toPromotion);
  }

  /** The same of how groups pick. */
  untoldModes(): Promise<GroupSetting[]> {
    return this.database.query<GroupSetting>(TELL_MODES);
  }

  /** The newest order first. What is held for too long is as good as released, whether it was swept or not. */
  redemptions(
    id: string,
    state: string | null,
    after: string | null,
    limit: number,
    now: Date,
  ): Promise<RedemptionView[]> {
    return this.database.query<RedemptionView>(REDEMPTIONS, [id, now, state, after, limit]);
  }
}

const toPromotion = <P extends Promotion>(row: Row<P>): P =>
  ({ ...row, budget: row.budget === null ? null : BigInt(row.budget) }) as unknown as P;

const valuesOf = (promotion: Promotion) => [
  promotion.id,
  promotion.title,
  promotion.status,
  promotion.priority,
  promotion.exclusive,
  promotion.startsAt,
  promotion.endsAt,
  JSON.stringify(promotion.conditions),
  JSON.stringify(promotion.effect),
  promotion.limitTotal,
  promotion.limitPerCustomer,
  promotion.budget,
  promotion.currency,
];

export const FIELDS = `
  p.id, p.title, p.status, p.promotion_group AS "group", p.trigger, p.priority, p.exclusive, p.starts_at AS "startsAt",
  p.ends_at AS "endsAt", p.conditions, p.effect, p.limit_total AS "limitTotal", p.limit_per_customer AS "limitPerCustomer",
  p.budget, p.currency, p.version`;
// Counted ones and those that were not counted yet, by currency. $1 is now.
const VIEW = `
  SELECT ${FIELDS}, p.created_at AS "createdAt", p.updated_at AS "updatedAt",
    (SELECT json_build_object('orders', coalesce(sum(t.uses), 0),
        'amounts', coalesce(json_agg(json_build_object('amount', t.amount, 'currency', t.currency) ORDER BY t.currency)
          FILTER (WHERE t.uses > 0), '[]'))
      FROM (SELECT a.currency, sum(a.uses) AS uses, sum(a.amount) AS amount FROM (
          SELECT c.currency, c.uses, c.amount FROM ordering.promotion_totals c WHERE c.promotion_id = p.id
          UNION ALL
          SELECT r.currency, 1, r.amount FROM ordering.promotion_redemptions r
          WHERE r.promotion_id = p.id AND ${LIVE('r', '$1')}) a
        GROUP BY a.currency) t) AS used
  FROM ordering.promotions p`;
const LIST = `${VIEW}
  WHERE CASE WHEN $2::text IS NULL THEN p.status <> 'archived' ELSE p.status = $2 END
    AND ($3::text IS NULL OR p.promotion_group = $3) AND ($4::text IS NULL OR p.trigger = $4)
    AND ($5::text IS NULL OR p.title ILIKE $5) AND ($6::uuid IS NULL OR p.id < $6)
  ORDER BY p.id DESC LIMIT $7`;
const INSERT = `
  INSERT INTO ordering.promotions (id, title, status, priority, exclusive, starts_at, ends_at, conditions, effect, limit_total,
    limit_per_customer, budget, currency, promotion_group, trigger, created_at, updated_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $16)`;
const UPDATE = `
  UPDATE ordering.promotions SET title = $2, status = $3, priority = $4, exclusive = $5, starts_at = $6, ends_at = $7,
    conditions = $8, effect = $9, limit_total = $10, limit_per_customer = $11, budget = $12, currency = $13,
    version = version + 1, updated_at = $14
  WHERE id = $1`;
const STANDING = `
  SELECT ${FIELDS.replace('p.promotion_group', 'g.promotion_group')}, g.mode
  FROM ordering.promotion_groups g LEFT JOIN ordering.promotions p ON p.promotion_group = g.promotion_group
    AND p.status = 'active' AND p.trigger = 'automatic' AND (p.ends_at IS NULL OR p.ends_at > $1)
  ORDER BY p.id`;
const GROUPS = `
  SELECT promotion_group AS "group", mode, version FROM ordering.promotion_groups
  ORDER BY array_position(ARRAY['product', 'order', 'shipping'], promotion_group)`;
const LOCK_GROUP = `
  SELECT promotion_group AS "group", mode, version FROM ordering.promotion_groups WHERE promotion_group = $1 FOR UPDATE`;
const TELL = `
  UPDATE ordering.promotions p SET told = true
  WHERE p.id = ANY (ARRAY(SELECT id FROM ordering.promotions WHERE NOT told ORDER BY id LIMIT $1 FOR NO KEY UPDATE))
  RETURNING ${FIELDS}`;
const TELL_MODES = `
  UPDATE ordering.promotion_groups SET told = true WHERE NOT told RETURNING promotion_group AS "group", mode, version`;
const STATE = `CASE WHEN r.state = 'held' AND r.held_until <= $2 THEN 'released' ELSE r.state END`;
const REDEMPTIONS = `
  SELECT r.order_id AS "orderId", o.number::text AS "orderNumber", c.code, r.amount::text, r.currency, ${STATE} AS state,
    r.beyond, r.created_at AS "createdAt"
  FROM ordering.promotion_redemptions r JOIN ordering.orders o ON o.id = r.order_id
    LEFT JOIN ordering.promotion_codes c ON c.id = r.code_id
  WHERE r.promotion_id = $1 AND ($3::text IS NULL OR ${STATE} = $3) AND ($4::uuid IS NULL OR r.order_id < $4)
  ORDER BY r.order_id DESC LIMIT $5`;
