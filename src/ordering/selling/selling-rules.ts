import { Injectable } from '@nestjs/common';
import { Clock, realNow } from '../../platform/clock.js';
import type { StandingPromotions } from '../promotion/promotion.js';
import { PromotionRepository } from '../promotion/promotion.repository.js';
import { Config } from '../../platform/config.js';
import type { TaxBook } from '../tax/tax-rules.js';
import { TaxRepository } from '../tax/tax.repository.js';
import type { Calendar } from '../shipping/delivery-estimate.js';
import { ShippingRepository } from '../shipping/shipping.repository.js';
import type { ShippingZone } from '../shipping/shipping-zone.js';

/** Where the shop sells to and on what terms. */
export interface Rules {
  tax: TaxBook;
  shipping: ShippingZone[];
  promotions: StandingPromotions;
  calendar: Calendar;
}

const FRESH_MS = 1_000;

/**
 * Zones and the promotions that need no code, kept in memory for a second: every cart and every checkout needs them and
 * staff change them seldom. Ask before a transaction is opened, so that one request's rollback cannot fail another's read.
 */
@Injectable()
export class SellingRules {
  private kept: { rules: Promise<Rules>; until: number } | null = null;

  constructor(
    private readonly taxZones: TaxRepository,
    private readonly shippingZones: ShippingRepository,
    private readonly promotions: PromotionRepository,
    private readonly clock: Clock,
    private readonly config: Config,
  ) {}

  async current(): Promise<Rules> {
    const { tax, ...rules } = await this.fresh();
    // What holds from a moment on holds from that moment, however long the rules are kept.
    return { ...rules, tax: { ...tax, at: this.clock.now() } };
  }

  /** After a change in this process; the others see it when their second is over. */
  forget(): void {
    this.kept = null;
  }

  private fresh(): Promise<Rules> {
    const now = realNow().getTime();
    if (this.kept && now < this.kept.until) return this.kept.rules;
    const rules = this.read();
    const kept = { rules, until: now + FRESH_MS };
    this.kept = kept;
    rules.catch(() => {
      if (this.kept === kept) this.kept = null;
    });
    return rules;
  }

  private async read(): Promise<Rules> {
    // One after the other: inside a transaction all go over the same connection.
    const tax = await this.taxZones.book();
    const { zones, calendar } = await this.shippingZones.rules();
    return {
      tax: {
        ...tax,
        asksProvider: this.config.taxProviderUrl !== null,
        needsProvider: this.config.taxProviderFallback === 'refuse',
        at: this.clock.now(),
      },
      shipping: zones,
      calendar,
      promotions: await this.promotions.standing(this.clock.now()),
    };
  }
}
