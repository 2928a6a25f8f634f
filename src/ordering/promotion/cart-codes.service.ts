import { Injectable } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { cartProblems } from '../cart/cart.errors.js';
import { type Candidate, DEFAULT_MODES, foldCode } from './promotion.js';
import { PromotionReader } from './promotion-reader.service.js';

const MESSAGES = {
  unknown_promotion_code: 'is not known',
  promotion_ended: 'is no longer valid',
  promotion_used_up: 'was used as often as it may be',
} as const;
type Fault = keyof typeof MESSAGES;

/** Which promotion codes a cart may name. */
@Injectable()
export class CartCodes {
  constructor(
    private readonly promotions: PromotionReader,
    private readonly clock: Clock,
  ) {}

  /**
   * The codes as the cart keeps them, each once. A code that is unknown, over or used up is refused
   * (`ordering.unknown_promotion_code`, 422); one whose conditions do not hold yet is kept, and the cart says why it takes
   * nothing off. What the cart has `present` already is not judged again: it may have ended meanwhile.
   */
  async accept(
    given: readonly string[],
    present: readonly string[],
    customerId: string | null,
  ): Promise<string[]> {
    const folded = given.map(foldCode);
    const news = folded.filter((code) => !present.includes(code));
    if (news.length === 0) return [...new Set(folded)];
    const unknown = new Set((await this.promotions.unknownOf(news)).map((index) => news[index]));
    const { candidates } = await this.promotions.forCart(
      { modes: DEFAULT_MODES, automatic: [] },
      { codes: news, buyer: { customerId, email: null } },
    );
    const faults = new Map<string, Fault>();
    for (const code of news) {
      const candidate = candidates.find((one) => one.code === code);
      const fault = candidate && !unknown.has(code) ? this.faultOf(candidate) : 'unknown_promotion_code';
      if (fault) faults.set(code, fault);
    }
    if (faults.size === 0) return [...new Set(folded)];
    throw cartProblems.unknown_promotion_code(undefined, {
      errors: folded.flatMap((code, index) => {
        const fault = faults.get(code);
        return fault ? [{ pointer: `/promotionCodes/${index}`, code: fault, message: MESSAGES[fault] }] : [];
      }),
    });
  }

  private faultOf({ promotion: { status, startsAt, endsAt }, spent }: Candidate): Fault | null {
    const now = this.clock.now();
    // What is not there yet, or put aside, is nobody's business.
    if (status !== 'active' || (startsAt !== null && now < startsAt)) return 'unknown_promotion_code';
    if ((endsAt !== null && now >= endsAt) || spent === 'code_expired') return 'promotion_ended';
    return spent === null ? null : 'promotion_used_up';
  }
}
