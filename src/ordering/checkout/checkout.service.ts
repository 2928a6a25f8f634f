import { Injectable } from '@nestjs/common';
import { BillingApi, type PaymentView } from '../../billing/billing.api.js';
import { requireAddresses } from '../../platform/address/address.js';
import { Database } from '../../platform/database/database.js';
import { failpoint } from '../../platform/failpoint.js';
import type { StoredAnswer } from '../../platform/http/idempotency.js';
import type { Problem } from '../../platform/http/problem.js';
import type { Holder } from '../cart/cart.access.js';
import { isBought } from '../order/order.guards.js';
import type { TransferDto } from '../order/order.dto.js';
import { orderView } from '../order/order.view.js';
import { AttemptEnds } from './attempt-ends.service.js';
import { CheckoutTerms } from './checkout-terms.service.js';
import type { CheckoutDto } from './checkout.dto.js';
import { checkoutProblems } from './checkout.errors.js';
import {
  type Attempted,
  type Begun,
  type Fresh,
  PaymentSteps,
  type Remember,
} from './payment-steps.service.js';
import { giftCardsOf } from './tender.js';
import { PlacingService } from './placing.service.js';

/** Turns a cart into an order and has it paid: the order is written with the attempt, in step 2 of `PaymentSteps`. */
@Injectable()
export class CheckoutService {
  constructor(
    private readonly steps: PaymentSteps,
    private readonly ends: AttemptEnds,
    private readonly database: Database,
    private readonly terms: CheckoutTerms,
    private readonly placing: PlacingService,
    private readonly billing: BillingApi,
  ) {}

  /** `ip`: where the request comes from, for who tries out codes of gift cards or VAT ids. */
  checkout(cartId: string, holder: Holder, input: CheckoutDto, ip: string): Promise<StoredAnswer> {
    requireAddresses({ '/shippingAddress': input.shippingAddress, '/billingAddress': input.billingAddress });
    return this.steps.run({
      spot: 'checkout',
      instance: `/v1/carts/${cartId}/checkout`,
      actor: holder.actor,
      begin: (remember) => this.begin(cartId, holder, input, ip, remember),
      answer: (attempted) => this.answer(attempted),
    });
  }

  private async begin(
    cartId: string,
    holder: Holder,
    input: CheckoutDto,
    ip: string,
    remember: Remember,
  ): Promise<Fresh<Begun>> {
    await this.billing.checkGiftCards(giftCardsOf(input.giftCards), ip);
    const terms = await this.terms.of(cartId, holder, input, ip);
    return this.database.transaction(async () => {
      const fresh = await this.placing.place(cartId, holder, input, terms, remember);
      failpoint('checkout.after_reserve');
      return fresh;
    });
  }

  private async answer({
    order,
    payment,
    payments,
  }: Attempted<Begun>): Promise<{ status: number; body: object } | Problem> {
    if (isBought(order)) return { status: 201, body: orderView(order, payments) };
    const extra = { orderId: order.id, number: order.number, paymentId: payment?.id ?? null };
    if (order.status === 'canceled' && order.history.at(-1)?.event === 'sold_out') {
      const why = 'The goods were gone before the payment arrived; the money goes back.';
      return checkoutProblems.out_of_stock(why, { extra });
    }
    if (order.status !== 'pending_payment')
      return checkoutProblems.order_closed(`The order is ${order.status}.`, { extra });
    const waited = payment ?? AttemptEnds.transferOf(payments);
    if (waited === null || AttemptEnds.isDeclined(waited)) return this.ends.declined(order, waited);
    const expiresAt = await this.ends.waits(order, waited);
    const body = orderView({ ...order, expiresAt }, payments);
    return { status: 202, body: payment ? body : { ...body, transfer: this.transfer(body.number, waited) } };
  }

  /** Where the buyer transfers the money to. */
  private transfer(reference: string, { amount }: PaymentView): TransferDto | null {
    const account = this.billing.transferAccount;
    if (account === null) return null;
    const { holder, iban, bic } = account;
    return { holder, iban, bic, reference, amount: amount.toJSON() };
  }
}
