import { Injectable } from '@nestjs/common';
import { IdentityApi } from '../../identity/identity.api.js';
import { platformProblems } from '../../platform/http/problem.js';
import { CouponRepository } from './coupon.repository.js';

/** Wrong codes that one customer may send in an hour. */
const WRONG = { free: 10, windowSeconds: 3_600 };
const WHAT = 'subscription-coupons';

/** Keeps guessers of codes away; outside of the transaction that takes one, because a refused guess counts too. */
@Injectable()
export class CouponGuesses {
  constructor(
    private readonly coupons: CouponRepository,
    private readonly identity: IdentityApi,
  ) {}

  /** 429 for who has guessed too often, right or wrong. */
  async check(customerId: string, code: string): Promise<void> {
    refuse(await this.identity.waitAbout(WHAT, customerId));
    const coupon = await this.coupons.byCode(code);
    if (coupon?.state !== 'active') refuse(await this.identity.countAbout(WHAT, customerId, WRONG));
  }
}

function refuse(wait: number): void {
  if (wait > 0) throw platformProblems.too_many_requests(undefined, { retryAfter: wait });
}
