import { Injectable } from '@nestjs/common';
import type { Actor } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Clock } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { requireVersion } from '../../platform/http/etag.js';
import { platformProblems } from '../../platform/http/problem.js';
import { newId } from '../../platform/ids.js';
import { SellingRules } from '../selling/selling-rules.js';
import type { CreatePromotionDto, UpdatePromotionDto } from './promotion.dto.js';
import { faultsOf } from './promotion.faults.js';
import type { Promotion } from './promotion.js';
import { PromotionFacts } from './promotion-facts.service.js';
import {
  type GroupSetting,
  type PromotionFilter,
  PromotionRepository,
  type RedemptionView,
  type StoredPromotion,
} from './promotion.repository.js';

/** Promotions as staff keep them. Orders keep the rules that they were placed with, whatever is changed here. */
@Injectable()
export class PromotionService {
  constructor(
    private readonly database: Database,
    private readonly promotions: PromotionRepository,
    private readonly facts: PromotionFacts,
    private readonly rules: SellingRules,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  /** The newest first, without those that are archived unless they are asked for. */
  list(filter: PromotionFilter, after: string | null, limit: number): Promise<StoredPromotion[]> {
    return this.promotions.list(filter, after, limit, this.clock.now());
  }

  /** Archived ones too: orders name them. */
  async get(id: string): Promise<StoredPromotion> {
    const promotion = await this.promotions.find(id, this.clock.now());
    if (!promotion) throw platformProblems.not_found();
    return promotion;
  }

  create(input: CreatePromotionDto, actor: Actor): Promise<StoredPromotion> {
    const promotion = drafted(input);
    return this.database.transaction(async () => {
      await this.promotions.insert(promotion, this.clock.now());
      return this.finish(promotion, 'created', actor);
    });
  }

  update(
    id: string,
    input: UpdatePromotionDto,
    version: number | null,
    actor: Actor,
  ): Promise<StoredPromotion> {
    return this.change(id, version, actor, 'updated', (promotion) => changed(promotion, input));
  }

  /** It applies to nothing more, and none of its codes does. What was placed with it stays. */
  async archive(id: string, version: number | null, actor: Actor): Promise<void> {
    await this.change(id, version, actor, 'archived', (promotion) => ({ ...promotion, status: 'archived' }));
  }

  groups(): Promise<GroupSetting[]> {
    return this.promotions.groups();
  }

  /** How a group picks among those that match, for carts from now on. */
  setMode(
    { group, mode }: Pick<GroupSetting, 'group' | 'mode'>,
    version: number | null,
    actor: Actor,
  ): Promise<GroupSetting> {
    return this.database.transaction(async () => {
      const present = await this.promotions.lockGroup(group);
      if (!present) throw platformProblems.not_found();
      requireVersion(version, present.version);
      const setting = { group, mode, version: present.version + 1 };
      await this.promotions.setMode(setting);
      this.facts.modeChanged(setting);
      this.audit.record({
        actor,
        action: 'ordering.promotion_group.updated',
        subjectType: 'promotion_group',
        subjectId: group,
        details: { mode, version: setting.version },
      });
      this.database.afterCommit(() => this.rules.forget());
      return setting;
    });
  }

  /** The orders that used it, the newest first. */
  async redemptions(
    id: string,
    state: string | null,
    after: string | null,
    limit: number,
  ): Promise<RedemptionView[]> {
    await this.get(id);
    return this.promotions.redemptions(id, state, after, limit, this.clock.now());
  }

  private change(
    id: string,
    version: number | null,
    actor: Actor,
    what: string,
    next: (promotion: Promotion) => Promotion,
  ): Promise<StoredPromotion> {
    return this.database.transaction(async () => {
      const promotion = await this.promotions.lock(id);
      if (!promotion) throw platformProblems.not_found();
      requireVersion(version, promotion.version);
      const after = { ...next(promotion), version: promotion.version + 1 };
      await this.promotions.update(after, this.clock.now());
      return this.finish(after, what, actor);
    });
  }

  private finish(promotion: Promotion, what: string, actor: Actor): Promise<StoredPromotion> {
    const { id, title, status, group, trigger, limitTotal, limitPerCustomer, budget, currency } = promotion;
    this.facts.changed(promotion);
    this.audit.record({
      actor,
      action: `ordering.promotion.${what}`,
      subjectType: 'promotion',
      subjectId: id,
      details: {
        title,
        status,
        group,
        trigger,
        effect: promotion.effect,
        limitTotal,
        limitPerCustomer,
        budget: budget?.toString() ?? null,
        currency,
      },
    });
    this.database.afterCommit(() => this.rules.forget());
    return this.get(id);
  }
}

/** The promotion that staff ask for; 400 with the places of its faults when it could not work. */
export function drafted(input: CreatePromotionDto): Promotion {
  const { title, group, trigger, effect, conditions = [], status = 'draft', priority = 0 } = input;
  const { exclusive = false, limitTotal = null, limitPerCustomer = null, budget = null } = input;
  return sound(
    {
      id: newId(),
      title,
      status,
      group,
      trigger,
      priority,
      exclusive,
      startsAt: momentOf(input.startsAt),
      endsAt: momentOf(input.endsAt),
      conditions,
      effect,
      limitTotal,
      limitPerCustomer,
      budget: budget && BigInt(budget.amount),
      currency: input.currency ?? budget?.currency ?? null,
      version: 1,
    },
    budget?.currency,
  );
}

function changed(promotion: Promotion, input: UpdatePromotionDto): Promotion {
  const { startsAt, endsAt, budget, currency, ...rest } = input;
  return sound(
    {
      ...promotion,
      ...rest,
      startsAt: startsAt === undefined ? promotion.startsAt : momentOf(startsAt),
      endsAt: endsAt === undefined ? promotion.endsAt : momentOf(endsAt),
      budget: budget === undefined ? promotion.budget : budget && BigInt(budget.amount),
      currency: currency === undefined ? (promotion.currency ?? budget?.currency ?? null) : currency,
    },
    budget?.currency ?? (budget === undefined ? promotion.currency : null),
  );
}

const momentOf = (text: string | null | undefined): Date | null => (text ? new Date(text) : null);

function sound(promotion: Promotion, budgetCurrency: string | null = null): Promotion {
  const errors = faultsOf({ ...promotion, budgetCurrency });
  const [first] = errors;
  if (!first) return promotion;
  throw platformProblems.invalid_input(`${first.pointer.slice(1)} ${first.message}.`, { errors });
}
