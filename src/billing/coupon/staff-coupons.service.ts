import { Injectable } from '@nestjs/common';
import type { Actor } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Clock } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { requireVersion } from '../../platform/http/etag.js';
import { Cursors, type Page, type PageQuery } from '../../platform/http/page.js';
import { type FieldError, platformProblems } from '../../platform/http/problem.js';
import { newId } from '../../platform/ids.js';
import { CouponRedemptionRepository } from './coupon-redemption.repository.js';
import { CouponRepository } from './coupon.repository.js';
import {
  CouponDto,
  type CouponQuery,
  CouponRedemptionDto,
  type CreateCouponDto,
  type UpdateCouponDto,
} from './coupon.dto.js';
import type { SubscriptionCoupon } from './subscription-coupon.js';

/** Coupons for subscriptions, as staff make them. What a coupon takes off never changes: another one does that. */
@Injectable()
export class StaffCoupons {
  constructor(
    private readonly database: Database,
    private readonly rows: CouponRepository,
    private readonly redemptions: CouponRedemptionRepository,
    private readonly audit: Audit,
    private readonly clock: Clock,
    private readonly cursors: Cursors,
  ) {}

  /** A page, the newest first. */
  async list({ limit, cursor, ...wanted }: CouponQuery): Promise<Page<CouponDto>> {
    const { state, code } = { state: wanted.state ?? null, code: wanted.code ?? null };
    const list = `coupons ${JSON.stringify([state, code])}`;
    const [after = null] = this.cursors.decode(list, cursor) ?? [];
    const rows = await this.rows.list({ state, code }, after as string | null, limit + 1);
    const page = this.cursors.page(list, rows, limit, ({ id }) => [id]);
    return { ...page, items: page.items.map((coupon) => CouponDto.from(coupon)) };
  }

  async get(id: string): Promise<CouponDto> {
    const coupon = await this.rows.find(id);
    if (coupon === null) throw platformProblems.not_found();
    return CouponDto.from(coupon);
  }

  /** Who has taken it, a page, the newest first. */
  async takers(id: string, { limit, cursor }: PageQuery): Promise<Page<CouponRedemptionDto>> {
    await this.get(id);
    const list = `coupon-redemptions ${id}`;
    const [after = null] = this.cursors.decode(list, cursor) ?? [];
    const rows = await this.redemptions.ofCoupon(id, after as string | null, limit + 1);
    const page = this.cursors.page(list, rows, limit, (one) => [one.id]);
    return { ...page, items: page.items.map((one) => CouponRedemptionDto.from(one)) };
  }

  /** 409 when the code is taken, by an archived one too. */
  async create(input: CreateCouponDto, actor: Actor): Promise<CouponDto> {
    const coupon = this.made(input);
    refuse(await this.faultsOf(coupon));
    return this.database.transaction(async () => {
      if (!(await this.rows.insert(coupon)))
        throw platformProblems.conflict('There is a coupon of this code.', {
          errors: [{ pointer: '/code', code: 'taken', message: 'is taken' }],
        });
      return this.finish(coupon, 'created', actor);
    });
  }

  update(
    id: string,
    { redeemBy, ...input }: UpdateCouponDto,
    version: number | null,
    actor: Actor,
  ): Promise<CouponDto> {
    return this.change(id, version, actor, 'updated', (coupon) => {
      const until = redeemBy == null ? null : new Date(redeemBy);
      const next = { ...coupon, ...input, ...(redeemBy !== undefined && { redeemBy: until }) };
      const { maxRedemptions, redeemed } = next;
      if (redeemBy !== undefined) refuse(this.early(next));
      if (maxRedemptions !== null && maxRedemptions < redeemed)
        refuse([
          {
            pointer: '/maxRedemptions',
            code: 'too_low',
            message: `must not be below the ${redeemed} there are`,
          },
        ]);
      return next;
    });
  }

  /** Nobody takes it any more; who has it keeps it. */
  async archive(id: string, version: number | null, actor: Actor): Promise<void> {
    await this.change(id, version, actor, 'archived', (coupon) => ({ ...coupon, state: 'archived' }));
  }

  private change(
    id: string,
    version: number | null,
    actor: Actor,
    what: string,
    next: (coupon: SubscriptionCoupon) => SubscriptionCoupon,
  ): Promise<CouponDto> {
    return this.database.transaction(async () => {
      const coupon = await this.rows.lock(id);
      if (coupon === null) throw platformProblems.not_found();
      requireVersion(version, coupon.version);
      await this.rows.change(next(coupon));
      return this.finish(coupon, what, actor);
    });
  }

  private made(input: CreateCouponDto): SubscriptionCoupon {
    const { code, title, duration, percentPpm = null, amounts = null, cycles = null, planIds = null } = input;
    const { redeemBy = null, maxRedemptions = null, maxPerCustomer = null } = input;
    return {
      ...{ id: newId(), code, title, duration, percentPpm, cycles, maxRedemptions, maxPerCustomer },
      amounts: amounts && amounts.map(({ amount, currency }) => ({ amount, currency })),
      redeemBy: redeemBy === null ? null : new Date(redeemBy),
      planIds: planIds && [...new Set(planIds.map((id) => id.toLowerCase()))],
      ...{ redeemed: 0, state: 'active', version: 1, createdAt: this.clock.now() },
    };
  }

  private async faultsOf(coupon: SubscriptionCoupon): Promise<FieldError[]> {
    const { percentPpm, amounts, duration, cycles, planIds } = coupon;
    const faults: FieldError[] = [];
    const fault = (pointer: string, code: string, message: string) => faults.push({ pointer, code, message });
    if (percentPpm === null && amounts === null) fault('/percentPpm', 'missing', 'or amounts must be there');
    if (percentPpm !== null && amounts !== null)
      fault('/amounts', 'too_many', 'must not stand beside percentPpm');
    amounts?.forEach(({ amount }, at) => {
      if (amount === 0) fault(`/amounts/${at}/amount`, 'too_low', 'must be above zero');
    });
    if ((duration === 'repeating') !== (cycles !== null))
      fault('/cycles', 'cycles', 'must be there where it repeats, and nowhere else');
    faults.push(...this.early(coupon));
    const known = planIds === null ? [] : await this.rows.plansOf(planIds);
    if (planIds?.length === 0 || planIds?.some((id) => !known.includes(id)))
      fault('/planIds', 'unknown', 'must hold ids of plans');
    return faults;
  }

  private early({ redeemBy }: SubscriptionCoupon): FieldError[] {
    if (redeemBy === null || redeemBy > this.clock.now()) return [];
    return [{ pointer: '/redeemBy', code: 'too_early', message: 'must be in the future' }];
  }

  private finish({ id, code }: SubscriptionCoupon, what: string, actor: Actor): Promise<CouponDto> {
    const details = { code };
    this.audit.record({
      actor,
      action: `billing.coupon.${what}`,
      subjectType: 'coupon',
      subjectId: id,
      details,
    });
    return this.get(id);
  }
}

function refuse(errors: FieldError[]): void {
  if (errors.length > 0) throw platformProblems.invalid_input(undefined, { errors });
}
