import { Injectable } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { type FieldError, platformProblems } from '../../platform/http/problem.js';
import { newId } from '../../platform/ids.js';
import { isBookable, priceIn, taxIn } from '../plan/plan.js';
import { PlanRepository } from '../plan/plan.repository.js';
import { isTimeZone, missingOf } from '../seller/seller-profile.js';
import { SellerProfiles } from '../seller/seller-profiles.service.js';
import { addDays, localDate, periodOf } from './periods.js';
import type { Start } from './subscription-starts.service.js';
import { subscriptionProblems } from './subscription.errors.js';
import { TrialRepository } from './trial.repository.js';

/** What somebody wants to subscribe to. */
export interface Wanted {
  readonly planId: string;
  readonly quantity?: number;
  readonly currency: string;
  readonly country: string;
  /** The buyer accounts for the tax. */
  readonly reverseCharge: boolean;
  readonly timeZone?: string;
  readonly anchorDate?: string | null;
}

/** Whether what somebody wants is sold, and on which terms. */
@Injectable()
export class SubscriptionOffers {
  constructor(
    private readonly plans: PlanRepository,
    private readonly trials: TrialRepository,
    private readonly sellers: SellerProfiles,
    private readonly clock: Clock,
  ) {}

  /**
   * In the transaction that begins the subscription (`id`): the terms of today, and the trial, which is had once. 422 `billing.plan_not_sold` names what does not fit; 409 `billing.seller_unknown`
   * while no invoice can be written.
   */
  async take(
    customerId: string,
    { planId, quantity = 1, currency, timeZone, anchorDate = null, ...buyer }: Wanted,
  ): Promise<
    Pick<Start, 'id' | 'terms' | 'tax' | 'quantity' | 'currency' | 'zone' | 'anchorDate' | 'trialDays'>
  > {
    const id = newId();
    const now = this.clock.now();
    const seller = await this.sellers.current();
    if (missingOf(seller).length > 0) throw subscriptionProblems.seller_unknown();
    const terms = await this.plans.sold(planId, now);
    const unsold = (pointer: string, message: string) =>
      subscriptionProblems.plan_not_sold(undefined, { errors: [{ pointer, code: 'not_sold', message }] });
    if (terms === null || terms.state !== 'active') throw unsold('/planId', 'must be a plan that is sold');
    const price = priceIn(terms, currency);
    if (price === null) throw unsold('/currency', 'must be a currency of the plan');
    const tax = taxIn(terms, buyer);
    if (tax === null) throw unsold('/billingAddress/country', 'must be a country that the plan is sold in');
    // Also when its VAT id does not count any more.
    if (!isBookable(price, quantity, taxIn(terms, { ...buyer, reverseCharge: false }) ?? tax))
      throw unsold('/quantity', 'must be less: it comes to more than an invoice can');
    const zone = timeZone ?? seller.timeZone;
    if (!isTimeZone(zone))
      throw refused('/timeZone', 'unknown', 'must be an IANA zone, such as Europe/Berlin');
    const hasTrial = terms.trialDays > 0 && (await this.trials.take(customerId, planId, id));
    const trialDays = hasTrial ? terms.trialDays : 0;
    if (anchorDate !== null) {
      if (trialDays > 0)
        throw refused('/anchorDate', 'fixed', 'must be left out: the end of the trial is the anchor');
      const today = localDate(now, zone);
      const latest = periodOf({ anchorDate: today, zone, interval: terms.interval }, 0).end;
      if (!isDate(anchorDate) || anchorDate <= today || anchorDate > latest)
        throw refused('/anchorDate', 'out_of_range', `must be a day after ${today} and not after ${latest}`);
    }
    return { id, terms, tax, quantity, currency, zone, anchorDate, trialDays };
  }
}

const refused = (pointer: string, code: string, message: string) => {
  const errors: FieldError[] = [{ pointer, code, message }];
  return platformProblems.invalid_input(`${pointer.slice(1)} ${message}.`, { errors });
};

/** Whether there is such a day. */
function isDate(text: string): boolean {
  try {
    return addDays(text, 0) === text;
  } catch {
    return false;
  }
}
