import { ApiExtraModels } from '@nestjs/swagger';
import {
  AskingPrice,
  AskingPriceDto,
  Bool,
  CurrencyCode,
  type FieldOptions,
  Instant,
  Integer,
  ListOf,
  MoneyDto,
  Nested,
  OneOf,
  Text,
  Uuid,
} from '../../platform/http/fields.js';
import { PageQuery } from '../../platform/http/page.js';
import { ListOfShapes, OneShape } from '../../platform/http/shapes.js';
import { type ConditionDto, CONDITIONS } from './condition.dto.js';
import { type EffectDto, EFFECTS } from './effect.dto.js';
import {
  GROUP_MODES,
  type GroupMode,
  PROMOTION_GROUPS,
  PROMOTION_STATUSES,
  PROMOTION_TRIGGERS,
  type PromotionGroup,
  type PromotionStatus,
  type PromotionTrigger,
} from './promotion.js';

const MAX_INT = 2 ** 31 - 1;
const PRIORITY = 1_000_000;
const SETTABLE = ['draft', 'active', 'paused'] as const;
const shapes = [...Object.values(CONDITIONS), ...Object.values(EFFECTS)];

const Title = (options: FieldOptions = {}) =>
  Text({ max: 100, example: 'Ten off the summer', description: 'Shown to shoppers.', ...options });
const Priority = (options: FieldOptions = {}) =>
  Integer({ min: -PRIORITY, max: PRIORITY, description: 'The higher goes first.', example: 10, ...options });
const Exclusive = (options: FieldOptions = {}) =>
  Bool({ description: 'When it is applied, nothing else of its group is.', ...options });
const StartsAt = (options: FieldOptions = {}) =>
  Instant({ nullable: true, description: 'From then on; null: at once.', ...options });
const EndsAt = (options: FieldOptions = {}) =>
  Instant({
    nullable: true,
    description: 'Until before then; null: for good.',
    example: '2026-12-31T23:00:00.000Z',
    ...options,
  });
const Conditions = (options: FieldOptions = {}) =>
  ListOfShapes(CONDITIONS, {
    max: 20,
    description: 'All of these have to hold; with none it always does.',
    example: [{ type: 'subtotal', min: { amount: 5000, currency: 'EUR' } }],
    ...options,
  });
const Effect = (options: FieldOptions = {}) =>
  OneShape(EFFECTS, {
    description: 'What it does. Which makes sense in which group is told when it is refused.',
    example: { type: 'percent', ppm: 100_000 },
    ...options,
  });
const LimitTotal = (options: FieldOptions = {}) =>
  Integer({
    min: 1,
    max: MAX_INT,
    nullable: true,
    description: 'Orders that may use it in all; null: as many as like.',
    example: 1000,
    ...options,
  });
const LimitPerCustomer = (options: FieldOptions = {}) =>
  Integer({
    min: 1,
    max: 1_000_000,
    nullable: true,
    description: 'Orders of one customer, known by the account or by the e-mail address, that may use it.',
    example: 1,
    ...options,
  });
const Budget = (options: FieldOptions = {}) =>
  AskingPrice({ nullable: true, description: 'What it may cost in all; null: no limit.', ...options });
const Currency = (options: FieldOptions = {}) =>
  CurrencyCode({
    nullable: true,
    description: 'Only for carts in it; null: for any. A budget is in it.',
    ...options,
  });

export class PromotionParams {
  @Uuid()
  id: string;
}

export class PromotionQuery extends PageQuery {
  @OneOf(PROMOTION_STATUSES, { optional: true, description: 'All but `archived` when left out.' })
  status?: PromotionStatus;

  @OneOf(PROMOTION_GROUPS, { optional: true })
  group?: PromotionGroup;

  @OneOf(PROMOTION_TRIGGERS, { optional: true })
  trigger?: PromotionTrigger;

  @Text({ max: 100, optional: true, description: 'Part of the title, upper or lower case.' })
  q?: string;
}

/** What became of it so far: orders that are placed, and those that wait for their money. */
export class PromotionUsageDto {
  @Integer({
    min: 0,
    max: MAX_INT,
    description: 'Orders that use it; those that came to nothing do not count.',
  })
  orders: number;

  @ListOf(() => MoneyDto, { max: 200, description: 'What it took off their prices, by currency.' })
  amounts: MoneyDto[];
}

@ApiExtraModels(...shapes)
export class PromotionDto {
  @Uuid()
  id: string;

  @Title()
  title: string;

  @OneOf(PROMOTION_STATUSES, { description: 'Only an `active` one has a say, and only within its window.' })
  status: PromotionStatus;

  @OneOf(PROMOTION_GROUPS)
  group: PromotionGroup;

  @OneOf(PROMOTION_TRIGGERS, { description: '`code`: only for carts that name a code of it.' })
  trigger: PromotionTrigger;

  @Priority()
  priority: number;

  @Exclusive()
  exclusive: boolean;

  @StartsAt()
  startsAt: string | null;

  @EndsAt()
  endsAt: string | null;

  @Currency()
  currency: string | null;

  @Conditions()
  conditions: ConditionDto[];

  @Effect()
  effect: EffectDto;

  @LimitTotal()
  limitTotal: number | null;

  @LimitPerCustomer()
  limitPerCustomer: number | null;

  @Budget()
  budget: AskingPriceDto | null;

  @Nested(() => PromotionUsageDto)
  used: PromotionUsageDto;

  @Integer({ min: 1, max: MAX_INT, description: 'Also the ETag.' })
  version: number;

  @Instant()
  createdAt: string;

  @Instant()
  updatedAt: string;
}

@ApiExtraModels(...shapes)
export class CreatePromotionDto {
  @Title()
  title: string;

  @OneOf(PROMOTION_GROUPS, {
    description:
      'What it takes from, in this order: single lines, the goods as a whole, the shipping. Stays.',
  })
  group: PromotionGroup;

  @OneOf(PROMOTION_TRIGGERS, { description: '`code`: only for carts that name a code of it. Stays.' })
  trigger: PromotionTrigger;

  @Effect()
  effect: EffectDto;

  @Conditions({ optional: true })
  conditions?: ConditionDto[];

  @OneOf(SETTABLE, { optional: true, description: '`draft` when left out.' })
  status?: (typeof SETTABLE)[number];

  @Priority({ optional: true })
  priority?: number;

  @Exclusive({ optional: true })
  exclusive?: boolean;

  @StartsAt({ optional: true })
  startsAt?: string | null;

  @EndsAt({ optional: true })
  endsAt?: string | null;

  @Currency({ optional: true })
  currency?: string | null;

  @LimitTotal({ optional: true })
  limitTotal?: number | null;

  @LimitPerCustomer({ optional: true })
  limitPerCustomer?: number | null;

  @Budget({ optional: true })
  budget?: AskingPriceDto | null;
}

@ApiExtraModels(...shapes)
export class UpdatePromotionDto {
  @Title({ optional: true })
  title?: string;

  @Effect({ optional: true })
  effect?: EffectDto;

  @Conditions({ optional: true })
  conditions?: ConditionDto[];

  @OneOf(SETTABLE, { optional: true })
  status?: (typeof SETTABLE)[number];

  @Priority({ optional: true })
  priority?: number;

  @Exclusive({ optional: true })
  exclusive?: boolean;

  @StartsAt({ optional: true })
  startsAt?: string | null;

  @EndsAt({ optional: true })
  endsAt?: string | null;

  @Currency({ optional: true })
  currency?: string | null;

  @LimitTotal({ optional: true })
  limitTotal?: number | null;

  @LimitPerCustomer({ optional: true })
  limitPerCustomer?: number | null;

  @Budget({ optional: true })
  budget?: AskingPriceDto | null;
}

export class PromotionGroupParams {
  @OneOf(PROMOTION_GROUPS)
  group: PromotionGroup;
}

export class PromotionGroupDto {
  @OneOf(PROMOTION_GROUPS)
  group: PromotionGroup;

  @OneOf(GROUP_MODES, {
    description:
      '`stack`: all that match, each on what the one before has left. `best`: only the one that gives most.',
  })
  mode: GroupMode;

  @Integer({ min: 1, max: MAX_INT, description: 'Also the ETag.' })
  version: number;
}

export class UpdatePromotionGroupDto {
  @OneOf(GROUP_MODES)
  mode: GroupMode;
}

export class RedemptionQuery extends PageQuery {
  @OneOf(['held', 'kept', 'released'], { optional: true })
  state?: RedemptionState;
}

export type RedemptionState = 'held' | 'kept' | 'released';

export class RedemptionDto {
  @Uuid()
  orderId: string;

  @Text({ max: 30, example: '1042' })
  orderNumber: string;

  @Text({ max: 50, nullable: true, description: 'The code that the cart named; null: automatic.' })
  code: string | null;

  @Nested(() => MoneyDto, { description: 'What it took off.' })
  amount: MoneyDto;

  @OneOf(['held', 'kept', 'released'], {
    description:
      '`held`: the order waits for its money. `released`: it came to nothing, and the use is free again.',
  })
  state: RedemptionState;

  @Bool({ description: 'Paid too late, when nothing was left of it any more: the order kept its price.' })
  beyond: boolean;

  @Instant()
  createdAt: string;
}
