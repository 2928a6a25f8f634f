import { Injectable } from '@nestjs/common';
import { IdentityApi } from '../../identity/identity.api.js';
import { isThisMachine } from '../../platform/http/network.js';
import { platformProblems } from '../../platform/http/problem.js';

/** Which cart has a VAT id looked at, and from where. */
export interface Asker {
  cartId: string;
  ip: string;
}

/** Questions to the register in an hour. */
const OF_CART = { free: 10, windowSeconds: 3_600 };
const OF_NETWORK = { free: 100, windowSeconds: 3_600 };
const WHAT = 'vat-checks';

/** How often shoppers may have the register of VAT ids asked: each question goes outside. */
@Injectable()
export class VatQuota {
  constructor(private readonly identity: IdentityApi) {}

  /** Counts a question that is about to be asked; 429 when the cart or the network has had its share of this hour. */
  async count(asker: Asker): Promise<void> {
    const wait = await this.waitOf(asker);
    if (wait > 0) throw platformProblems.too_many_requests(undefined, { retryAfter: wait });
  }

  /** Counts it and answers the seconds to wait; 0: it may be asked. */
  async waitOf({ cartId, ip }: Asker): Promise<number> {
    const own = await this.identity.countAbout(WHAT, cartId, OF_CART);
    return own > 0 || isThisMachine(ip) ? own : this.identity.countAttempt(WHAT, ip, OF_NETWORK);
  }
}
