import { Injectable } from '@nestjs/common';
import type { Actor } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Clock } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { requireVersion } from '../../platform/http/etag.js';
import { Idempotency } from '../../platform/http/idempotency.js';
import { platformProblems } from '../../platform/http/problem.js';
import { PlacingService } from '../checkout/placing.service.js';
import { type Order, totalOf } from '../order/order.js';
import { OrderPaymentService } from '../order/order-payment.service.js';
import { OrderRepository } from '../order/order.repository.js';
import { PaymentLinks } from '../payment-link/payment-links.service.js';
import { DraftOrderRepository } from './draft-order.repository.js';
import { DraftQuotes } from './draft-quotes.service.js';
import { DraftOrders } from './draft-orders.service.js';
import { cartOf, type DraftOrder, pricesOf } from './draft-order.js';
import { PAY_LATER, type PlaceDraftOrderDto, type PlacedDraftDto } from './draft-order.dto.js';

/** The order that a draft becomes: placed like that of a cart. */
@Injectable()
export class DraftPlacement {
  constructor(
    private readonly database: Database,
    private readonly drafts: DraftOrders,
    private readonly rows: DraftOrderRepository,
    private readonly placing: PlacingService,
    private readonly links: PaymentLinks,
    private readonly orderPayments: OrderPaymentService,
    private readonly orders: OrderRepository,
    private readonly quotes: DraftQuotes,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  /**
   * An order `pending_payment` that holds its goods and codes until the link to pay it ends; of nothing to be paid, one that is
   * placed. Two at once make one: the second finds the draft placed (409). Answers the stored JSON.
   */
  async place(id: string, input: PlaceDraftOrderDto, version: number | null, actor: Actor): Promise<string> {
    const request = Idempotency.current();
    if (request === null) throw platformProblems.idempotency_key_required();
    if (input.payLater === false)
      throw platformProblems.invalid_input(`payLater can only be true: ${PAY_LATER}.`, {
        errors: [{ pointer: '/payLater', code: 'not_true', message: `can only be true: ${PAY_LATER}` }],
      });
    const until = this.links.deadline(input.payUntil ?? null, '/payUntil');
    // Carriers are asked before anything is locked: what they said holds for the draft as it was then, and for no other.
    const seen = await this.drafts.get(id);
    const { certificates, ...terms } = await this.quotes.terms(seen);
    return this.database.transaction(async () => {
      const draft = await this.drafts.open(id, version ?? seen.version);
      requireVersion(seen.version, draft.version);
      const author = {
        actor,
        customerId: draft.customerId,
        groups: await this.quotes.groupsOf(draft),
        prices: pricesOf(draft),
        expiresAt: until,
      };
      const made = await this.placing.placeUnpaid(
        cartOf(draft, certificates),
        author,
        input.expectedTotal,
        terms,
      );
      await this.note(draft, made, actor);
      await this.rows.placed(id, made.id, this.clock.now());
      const isFree = totalOf(made).isZero();
      const order = isFree ? await this.orderPayments.take(made, [], actor) : made;
      const paymentLink = isFree ? null : await this.links.make(order, until, input.mail ?? true, actor);
      const { number, status } = order;
      const placed: PlacedDraftDto = {
        ...{ orderId: order.id, number, status, paymentLink },
        total: totalOf(order).toJSON(),
      };
      return request.answer(201, placed);
    });
  }

  /** The order tells where it comes from, and which prices were set. */
  private async note(draft: DraftOrder, order: Order, actor: Actor): Promise<void> {
    const prices = [...pricesOf(draft)].map(([variantId, price]) => ({
      variantId,
      unitPrice: price.toJSON(),
    }));
    const facts = { draftOrderId: draft.id, prices };
    await this.orders.note(order.id, order, { event: 'drafted', actor, at: this.clock.now(), facts });
    this.audit.record({
      actor,
      action: 'ordering.draft_order.placed',
      subjectType: 'draft_order',
      subjectId: draft.id,
      details: { orderId: order.id, total: totalOf(order).toJSON(), prices },
    });
  }
}
