import { Injectable } from '@nestjs/common';
import { IdentityApi } from '../../identity/identity.api.js';
import { Problem, platformProblems } from '../../platform/http/problem.js';
import { CartCodes } from './cart-codes.service.js';
import { foldCode } from './promotion.js';

/** A cart that codes are named for, as it is, and where they come from. */
export interface Naming {
  id: string;
  promotionCodes: readonly string[];
  customerId: string | null;
  ip: string;
}

/** Codes that nobody has, in a quarter of an hour. */
const OF_CART = { free: 10, windowSeconds: 900 };
const OF_NETWORK = { free: 60, windowSeconds: 900 };
/** Of a cart whose network has guessed too often: somebody in a full office may err, who makes carts to guess with gets no further. */
const OF_SUSPECT = { free: 2, windowSeconds: 900 };
const WHAT = 'promotion-codes';
const SUSPECT = 'promotion-codes-of-suspects';

/**
 * Keeps guessers of promotion codes away from carts. Only what nobody has is counted, so right codes are not; and a cart that has
 * not guessed may name its codes whatever others in its network did. Outside of every transaction, because a refused guess
 * counts too.
 */
@Injectable()
export class CodeGuesses {
  constructor(
    private readonly codes: CartCodes,
    private readonly identity: IdentityApi,
  ) {}

  /** The codes as the cart will keep them, see `CartCodes.accept`; 429 for who has guessed too often, right or wrong. */
  async accept(given: readonly string[], { id, promotionCodes, customerId, ip }: Naming): Promise<string[]> {
    const isNew = given.some((code) => !promotionCodes.includes(foldCode(code)));
    if (isNew) refuse(await this.waitOf(id, ip));
    try {
      return await this.codes.accept(given, promotionCodes, customerId);
    } catch (error) {
      // Counted before it is told that it was wrong: of many at once no more are told than of one after the other.
      for (let wrong = wrongOf(error); wrong > 0; wrong -= 1) refuse(await this.count(id, ip));
      throw error;
    }
  }

  private async waitOf(cartId: string, ip: string): Promise<number> {
    const own = await this.identity.waitAbout(WHAT, cartId);
    if (own > 0 || (await this.identity.waitFor(WHAT, ip)) === 0) return own;
    return this.identity.waitAbout(SUSPECT, cartId);
  }

  private async count(cartId: string, ip: string): Promise<number> {
    const network = await this.identity.countAttempt(WHAT, ip, OF_NETWORK);
    if (network > 0) await this.identity.countAbout(SUSPECT, cartId, OF_SUSPECT);
    return Math.max(network, await this.identity.countAbout(WHAT, cartId, OF_CART));
  }
}

function refuse(wait: number): void {
  if (wait > 0) throw platformProblems.too_many_requests(undefined, { retryAfter: wait });
}

/** How many of the codes there are not. */
function wrongOf(error: unknown): number {
  if (!(error instanceof Problem) || error.code !== 'ordering.unknown_promotion_code') return 0;
  return (error.details.errors ?? []).filter(({ code }) => code === 'unknown_promotion_code').length;
}
