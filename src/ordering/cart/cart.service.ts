import { Injectable } from '@nestjs/common';
import { requireInPerson } from '../../platform/access/access.js';
import { groupsOf } from '../../platform/access/actor.js';
import { requireAddresses } from '../../platform/address/address.js';
import { Clock } from '../../platform/clock.js';
import { Database, isCheckViolation } from '../../platform/database/database.js';
import { requireVersion } from '../../platform/http/etag.js';
import { platformProblems } from '../../platform/http/problem.js';
import { CartContents } from './cart-contents.service.js';
import { wantedLines } from './cart-lines.js';
import { CartParticulars } from './cart-particulars.service.js';
import { type Holder, holds } from './cart.access.js';
import type { CartLineInput, UpdateCartDto } from './cart.dto.js';
import { cartProblems } from './cart.errors.js';
import { type Cart, MAX_QUANTITY } from './cart.js';
import { CartRepository } from './cart.repository.js';

/** Changes carts of guests and customers, and asks nobody outside. Every change locks the cart first, so two tabs cannot lose each other's lines. */
@Injectable()
export class CartService {
  constructor(
    private readonly database: Database,
    private readonly carts: CartRepository,
    private readonly contents: CartContents,
    private readonly particulars: CartParticulars,
    private readonly clock: Clock,
  ) {}

  addLine(id: string, holder: Holder, line: CartLineInput, version: number | null): Promise<void> {
    const wanted = wantedLines([line], () => '');
    return this.change(id, holder, version, (cart) =>
      this.contents.putIn(cart, groupsOf(holder.actor), wanted, () => ''),
    );
  }

  setQuantity(
    id: string,
    lineId: string,
    holder: Holder,
    quantity: number,
    version: number | null,
  ): Promise<void> {
    return this.change(id, holder, version, (cart) =>
      this.contents.setQuantity(cart, groupsOf(holder.actor), lineId, quantity),
    );
  }

  /** `ip`: where the request comes from, for who guesses codes or has many VAT ids looked at. */
  async update(
    id: string,
    holder: Holder,
    input: UpdateCartDto,
    version: number | null,
    ip: string,
  ): Promise<void> {
    requireAddresses({ '/shippingAddress': input.shippingAddress, '/billingAddress': input.billingAddress });
    if (input.remindMe) requireInPerson(holder.actor);
    const judged = await this.particulars.ahead(id, holder, input, ip);
    return this.change(id, holder, version, (cart) => this.particulars.keep(cart, input, judged));
  }

  /**
   * Locks an active cart, which must be the holder's and of this version, and changes it; `change` sees it as it is then, and
   * what it throws takes everything back. In the caller's transaction, if there is one. Whoever answers with the cart reads it
   * after the commit: `CartReader.seen`.
   */
  async change(
    id: string,
    holder: Holder,
    version: number | null,
    change: (cart: Cart) => Promise<void>,
  ): Promise<void> {
    try {
      await this.database.transaction(async () => {
        const head = await this.carts.lock(id);
        if (!head || !holds(holder, head)) throw platformProblems.not_found();
        requireVersion(version, head.version);
        const { lines, orderId } = await this.carts.content(id);
        if (orderId !== null || head.state !== 'active') {
          throw cartProblems.cart_closed(undefined, { extra: { orderId } });
        }
        await change({ ...head, lines });
        await this.carts.touch(id, this.clock.now());
      });
    } catch (error) {
      if (isCheckViolation(error, 'cart_lines_quantity_check')) {
        throw cartProblems.too_many_lines(`A line has at most ${MAX_QUANTITY} pieces.`, {
          errors: [
            { pointer: '/quantity', code: 'max_quantity', message: `must be at most ${MAX_QUANTITY} in all` },
          ],
        });
      }
      throw error;
    }
  }
}
