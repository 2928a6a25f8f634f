import { Money } from '../../platform/money/money.js';
import type { Assessment } from '../cart/assessment.js';
import { cartView, totalsView } from '../cart/cart.view.js';
import { cartOf, type DraftOrder } from './draft-order.js';
import type { DraftOrderDto, DraftOrderSummaryDto, DraftQuoteDto } from './draft-order.dto.js';

export const draftSummaryView = (draft: DraftOrder): DraftOrderSummaryDto => ({
  id: draft.id,
  version: draft.version,
  state: draft.state,
  customerId: draft.customerId,
  email: draft.email,
  currency: draft.currency,
  lines: draft.lines.map(({ id: _, unitAmount, priceReason, ...wish }) => ({
    ...wish,
    unitPrice: priceReason === null ? null : Money.of(unitAmount, draft.currency).toJSON(),
    reason: priceReason,
  })),
  shippingAddress: draft.shippingAddress,
  billingAddress: draft.billingAddress,
  shippingOptionId: draft.shippingOptionId,
  pickupPointId: draft.pickupPointId,
  vatId: draft.vatId,
  promotionCodes: draft.promotionCodes,
  note: draft.note,
  orderId: draft.orderId,
  createdBy: draft.createdBy,
  createdAt: draft.createdAt.toISOString(),
  updatedAt: draft.updatedAt.toISOString(),
});

export const draftOrderView = (draft: DraftOrder, assessment: Assessment | null): DraftOrderDto => ({
  ...draftSummaryView(draft),
  quote: assessment && quoteView(draft, assessment),
});

function quoteView(draft: DraftOrder, assessment: Assessment): DraftQuoteDto {
  const { lines, promotions, unusedCodes, taxation } = cartView(cartOf(draft, []), assessment);
  const { shipping, totals, obstacles } = assessment;
  return {
    ...{ lines, promotions, unusedCodes, taxation },
    shipping: shipping && {
      optionId: shipping.offer.optionId,
      title: shipping.offer.title,
      price: totals.shippingPrice.toJSON(),
    },
    totals: totalsView(totals),
    ready: obstacles.length === 0,
    problems: obstacles,
  };
}
