import { Injectable } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { Cursors, type Page, type PageQuery } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import type { Subscription } from '../subscription/subscription.js';
import { SubscriptionRepository } from '../subscription/subscription.repository.js';
import { UsageChargeRepository } from './usage-charge.repository.js';
import { UsageLines } from './usage-lines.service.js';
import { UsagePeriodDto } from './usage.dto.js';

/** Shows what was used and what it costs, period by period. */
@Injectable()
export class UsageReader {
  constructor(
    private readonly rows: SubscriptionRepository,
    private readonly usage: UsageChargeRepository,
    private readonly lines: UsageLines,
    private readonly cursors: Cursors,
    private readonly clock: Clock,
  ) {}

  /** What is not charged yet first, then what is, the newest first. `customerId`: only to whom it belongs. */
  async periods(
    id: string,
    { limit, cursor }: PageQuery,
    customerId: string | null = null,
  ): Promise<Page<UsagePeriodDto>> {
    const subscription = await this.rows.find(id);
    if (subscription === null || (customerId !== null && subscription.customerId !== customerId))
      throw platformProblems.not_found();
    const list = `usage-periods ${id}`;
    const key = this.cursors.decode(list, cursor);
    const before = key === null ? null : new Date(key[0] as string);
    const open = key === null ? await this.open(subscription) : [];
    const { currency } = subscription;
    const settled = await this.usage.settled(id, currency, before, limit + 1 - open.length);
    const all = [...open, ...settled.map((window) => UsagePeriodDto.settled(window, currency))];
    // Of the open one the end is now, so that all that is settled comes after it.
    return this.cursors.page(list, all, limit, ({ until }) => [until]);
  }

  private async open(subscription: Subscription): Promise<UsagePeriodDto[]> {
    const { endedAt, currency } = subscription;
    const bill = await this.lines.for(subscription, endedAt ?? this.clock.now());
    return bill === null ? [] : [UsagePeriodDto.open(bill, currency)];
  }
}
