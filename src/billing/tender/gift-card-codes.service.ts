import { Injectable } from '@nestjs/common';
import { IdentityApi } from '../../identity/identity.api.js';
import { platformProblems } from '../../platform/http/problem.js';
import { GiftCards } from '../gift-card/gift-cards.service.js';
import { unknownCodes } from './tenders.service.js';

/** Wrong codes that one network may send to checkouts in a quarter of an hour. */
const WRONG = { free: 10, windowSeconds: 900 };
const WHAT = 'gift-card-payments';

/** Keeps guessers of codes away from the checkout; outside of its transaction, because a refused guess counts too. */
@Injectable()
export class GiftCardCodes {
  constructor(
    private readonly cards: GiftCards,
    private readonly identity: IdentityApi,
  ) {}

  /** See `BillingApi.checkGiftCards`. */
  async check(given: readonly { code: string; pointer: string }[], ip: string): Promise<void> {
    if (given.length === 0) return;
    // Whoever has guessed too often is not told of a right one either.
    const wait = await this.identity.waitFor(WHAT, ip);
    if (wait > 0) throw platformProblems.too_many_requests(undefined, { retryAfter: wait });
    const unknown: string[] = [];
    for (const { code, pointer } of given)
      if ((await this.cards.byCode(code)) === null) unknown.push(pointer);
    for (const _ of unknown) {
      const stopped = await this.identity.countAttempt(WHAT, ip, WRONG);
      if (stopped > 0) throw platformProblems.too_many_requests(undefined, { retryAfter: stopped });
    }
    if (unknown.length > 0) throw unknownCodes(unknown);
  }
}
