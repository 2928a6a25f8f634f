import { Injectable } from '@nestjs/common';
import { BillingApi, type GatewayOutcome } from '../../billing/billing.api.js';
import { requireAddresses } from '../../platform/address/address.js';
import { failpoint } from '../../platform/failpoint.js';
import { Database } from '../../platform/database/database.js';
import { Idempotency, type IdempotentRequest } from '../../platform/http/idempotency.js';
import { platformProblems } from '../../platform/http/problem.js';
import type { Holder } from '../cart/cart.access.js';
import { OrderPaymentService } from '../order/order-payment.service.js';
import type { Order } from '../order/order.js';
import { OrderRepository } from '../order/order.repository.js';
import { type CheckoutAnswer, CheckoutAnswers } from './checkout.answers.js';
import { CheckoutTerms } from './checkout-terms.service.js';
import type { CheckoutDto } from './checkout.dto.js';
import { giftCardsOf } from './draft.js';
import type { Begun } from './payment-attempts.service.js';
import { PlacingService } from './placing.service.js';

/**
 * The checkout, in steps that each survive a crash:
 *
 * 1. the Idempotency-Key is claimed (before this service is reached);
 * 2. one transaction writes the order as `pending_payment`, takes what gift cards and store credit pay, opens the payment of the
 *    rest and holds the stock;
 * 3. the gateway is asked, with no transaction open;
 * 4. one transaction takes in the outcome: payment, books, order, stock, facts and the stored answer.
 *
 * A request that takes over a dead one finds in the claim what step 2 had written and goes on at step 3; the gateway
 * knows the operation by its id and moves no money twice. When no request ever comes back, billing's repair job
 * and `PaymentCaptured` finish step 4, or the order expires.
 */
@Injectable()
export class CheckoutService {
  constructor(
    private readonly database: Database,
    private readonly terms: CheckoutTerms,
    private readonly placing: PlacingService,
    private readonly billing: BillingApi,
    private readonly orders: OrderRepository,
    private readonly orderPayments: OrderPaymentService,
    private readonly answers: CheckoutAnswers,
  ) {}

  /** `ip`: where the request comes from, for who tries out codes of gift cards. */
  async checkout(cartId: string, holder: Holder, input: CheckoutDto, ip: string): Promise<CheckoutAnswer> {
    const request = Idempotency.current();
    if (request === null) throw platformProblems.idempotency_key_required();
    requireAddresses({ '/shippingAddress': input.shippingAddress, '/billingAddress': input.billingAddress });
    failpoint('checkout.after_claim');
    const begun = begunBefore(request) ?? (await this.begin(cartId, holder, input, ip, request));
    failpoint('checkout.after_place_commit');
    const outcome = await this.ask(begun);
    failpoint('checkout.after_gateway');
    const answer = await this.database.transaction(async () => {
      const taken = await this.finish(begun, outcome, holder, request);
      failpoint('checkout.before_settle_commit');
      return taken;
    });
    failpoint('checkout.after_settle_commit');
    return answer;
  }

  private async begin(
    cartId: string,
    holder: Holder,
    input: CheckoutDto,
    ip: string,
    request: IdempotentRequest,
  ): Promise<Begun> {
    await this.billing.checkGiftCards(giftCardsOf(input.giftCards), ip);
    const terms = await this.terms.of(cartId, holder, input);
    return this.database.transaction(async () => {
      const begun = await this.placing.place(
        cartId,
        holder,
        input,
        terms,
        ({ orderId, operationId, isSplit }) => request.remember({ orderId, operationId, isSplit }),
      );
      failpoint('checkout.after_reserve');
      return begun;
    });
  }

  /** An order of which nothing is left to be paid asks nobody. */
  private async ask({ operationId }: Begun): Promise<GatewayOutcome | null> {
    if (operationId === null) return null;
    failpoint('checkout.before_gateway');
    return this.billing.authorize(operationId);
  }

  private async finish(
    { orderId, operationId, isSplit, order: known }: Begun,
    outcome: GatewayOutcome | null,
    { actor }: Holder,
    request: IdempotentRequest,
  ): Promise<CheckoutAnswer> {
    // What was taken at once is known to the messengers already: all of it is locked, in their order, and read afresh.
    if (isSplit) await this.billing.lockPaymentsOf(orderId);
    const payment = operationId && outcome ? await this.billing.settle(operationId, outcome) : null;
    const order: Order | undefined = isSplit
      ? await this.orders.locked(orderId)
      : (known ?? (await this.orders.find(orderId)));
    if (!order) throw new Error(`the order ${orderId} is gone`);
    const payments = isSplit ? await this.billing.paymentsOf([orderId]) : payment ? [payment] : [];
    const taken = await this.orderPayments.take(order, payments, actor);
    return this.answers.give(taken, { payment, payments }, request);
  }
}

/** What an earlier request with this key had reached before it died. */
function begunBefore({ resume }: IdempotentRequest): Begun | null {
  if (typeof resume !== 'object' || resume === null || !('orderId' in resume)) return null;
  const { orderId, operationId, isSplit } = resume as Begun;
  return { orderId, operationId, isSplit, order: null };
}
