import type { StockSource } from '../../catalog/catalog.api.js';
import type { PaymentView } from '../../billing/billing.api.js';
import { Money } from '../../platform/money/money.js';
import { fulfilmentView } from '../fulfilment/fulfilment.view.js';
import type { TaxCategoryDto } from '../cart/cart.dto.js';
import { taxKey } from '../cart/totals.js';
import { taxationView } from '../tax/taxation.dto.js';
import type { OrderDto, OrderPaymentDto, StaffOrderDto } from './order.dto.js';
import { type Order, type OrderTaxLine, owedOf } from './order.js';
import { keptOf } from './order-money.js';
import { shippingDiscountOf } from './order-discount.js';

/** The order with what each location gives to it: to the line that takes it, by itself or as a part of a bundle. */
export function staffOrderView(
  order: Order,
  payments: readonly PaymentView[],
  sources: readonly StockSource[],
): StaffOrderDto {
  const wanted = order.lines.flatMap((line) =>
    (line.components ?? [line]).map(({ variantId, sku }) => ({ lineId: line.id, variantId, sku })),
  );
  const allocations = sources.flatMap((source) => {
    const [first, ...others] = wanted.filter(({ variantId }) => variantId === source.variantId);
    return first ? [{ ...source, sku: first.sku, lineId: others.length === 0 ? first.lineId : null }] : [];
  });
  return {
    ...orderView(order, payments),
    history: order.history.map((entry) => ({
      ...historyView(entry),
      actorId: entry.actorId,
      facts: entry.facts,
    })),
    hold: order.heldAt && { since: order.heldAt.toISOString(), reason: order.holdReason ?? '' },
    tags: order.tags,
    allocations,
  };
}

const historyView = ({
  at,
  event,
  status,
  paymentStatus,
  fulfilmentStatus,
  actorKind,
  note,
}: Order['history'][number]) => ({
  at: at.toISOString(),
  event,
  status,
  paymentStatus,
  fulfilmentStatus,
  actor: actorKind,
  note,
});

/** What is still to be paid, of the order or of a change of it; of one that came to nothing, nothing. */
export function dueOf(order: Order, payments: readonly PaymentView[]): Money {
  const zero = Money.zero(order.currency);
  if (order.status === 'canceled' || order.status === 'expired') return zero;
  // What a person has refused goes back, and pays nothing.
  const secured = payments
    .filter(({ status }) => status !== 'canceled')
    .map(({ status, amount, captured }) => (status === 'authorized' ? amount : captured));
  const due = owedOf(order).minus(Money.sum(secured, order.currency));
  return due.isNegative() ? zero : due;
}

/** What the way costs in the end: as of a line. */
function shippingSums({ shipping, discounts, taxLines, pricesIncludeTax, currency }: Order) {
  const tax = taxLines.reduce((sum, { lineId, amount }) => (lineId === null ? sum + amount : sum), 0n);
  const price = shipping - shippingDiscountOf(discounts);
  const total = pricesIncludeTax ? price : price + tax;
  return { tax: Money.of(tax, currency).toJSON(), total: Money.of(total, currency).toJSON() };
}

/** What stays with us beyond the price, or of one that came to nothing at all: it should go back, and is not on its way. */
function amountToRefund({ status, total, currency }: Order, payments: readonly PaymentView[]): Money {
  const isOver = status === 'canceled' || status === 'expired';
  const kept = keptOf(payments, currency);
  const beyond = isOver ? kept : kept.minus(Money.of(total, currency));
  return beyond.isNegative() ? Money.zero(currency) : beyond;
}

/** The order as the contract has it. */
export function orderView(order: Order, payments: readonly PaymentView[]): OrderDto {
  const money = (amount: bigint) => Money.of(amount, order.currency).toJSON();
  const taxOf = (lineId: string | null) =>
    order.taxLines.filter((tax) => tax.lineId === lineId).map((tax) => taxView(tax, order.currency));
  return {
    id: order.id,
    number: order.number,
    status: order.status,
    paymentStatus: order.paymentStatus,
    fulfilmentStatus: order.fulfilmentStatus,
    placedAt: order.placedAt?.toISOString() ?? null,
    createdAt: order.createdAt.toISOString(),
    expiresAt: order.status === 'pending_payment' ? order.expiresAt.toISOString() : null,
    version: order.version,
    currency: order.currency,
    email: order.email,
    shippingAddress: order.shippingAddress,
    billingAddress: order.billingAddress,
    shipping:
      order.shippingOptionId === null
        ? null
        : {
            optionId: order.shippingOptionId,
            title: order.shippingTitle ?? '',
            chosenBy: order.shippingChosenBy ?? '',
            price: money(order.shipping),
            discount: money(shippingDiscountOf(order.discounts)),
            ...shippingSums(order),
            taxLines: taxOf(null),
            kind: order.shippingDetails?.kind ?? 'delivery',
            estimate: order.shippingDetails?.estimate ?? null,
            parcels: order.shippingDetails?.parcels ?? [],
            pickupPoint: order.shippingDetails?.pickupPoint ?? null,
          },
    giftMessage: order.giftMessage,
    lines: order.lines.map((line) => ({
      id: line.id,
      variantId: line.variantId,
      productId: line.productId,
      title: line.title,
      variantTitle: line.variantTitle,
      options: line.options,
      sku: line.sku,
      quantity: line.quantity,
      fulfilledQuantity: line.fulfilled,
      canceledQuantity: line.canceled,
      returnedQuantity: line.returned,
      refundedQuantity: line.refunded,
      replacedQuantity: line.replaced,
      returnRequestedQuantity: line.askedBack,
      awaitingPaymentQuantity: line.awaiting,
      deliveredQuantity: line.delivered,
      promisedFor: line.promisedFor?.toISOString() ?? null,
      kind: line.kind,
      giftCard: line.giftCard,
      properties: line.properties,
      components: (line.components ?? []).map(({ variantId, sku, title, quantity }) => ({
        variantId,
        sku,
        title,
        quantity,
      })),
      givenBy: line.givenBy,
      unitPrice: money(line.unitPrice),
      discount: money(line.discount),
      tax: money(line.tax),
      total: money(line.total),
      taxLines: taxOf(line.id),
    })),
    totals: {
      subtotal: money(order.subtotal),
      discount: money(order.discount),
      shipping: money(order.shipping),
      tax: money(order.tax),
      total: money(order.total),
    },
    amountDue: dueOf(order, payments).toJSON(),
    amountToRefund: amountToRefund(order, payments).toJSON(),
    taxes: taxesOf(order),
    discounts: order.discounts.map((discount) => ({ ...discount, amount: money(discount.amount) })),
    pricesIncludeTax: order.pricesIncludeTax,
    taxation: taxationView(order.taxation, order.taxZone),
    payments: cardsFirst(payments).map(paymentView),
    fulfilments: order.fulfilments.filter(({ state }) => state !== 'canceled').map(fulfilmentView),
    history: order.history.map(historyView),
  };
}

/** What goes on at a gateway stands first: of the others there is nothing to wait for. */
const cardsFirst = (payments: readonly PaymentView[]): PaymentView[] =>
  payments.toSorted((a, b) => Number(a.kind !== 'card') - Number(b.kind !== 'card'));

function paymentView(payment: PaymentView): OrderPaymentDto {
  return {
    id: payment.id,
    status: payment.status,
    kind: payment.kind,
    purpose: payment.purpose,
    last4: payment.last4,
    amount: payment.amount.toJSON(),
    captured: payment.captured.toJSON(),
    refunded: payment.refunded.toJSON(),
    declineCode: payment.declineCode,
    nextAction: payment.nextAction,
  };
}

/** The categories of tax, from the frozen shares of the lines. */
function taxesOf({ taxLines, currency }: Order): TaxCategoryDto[] {
  const byRate = new Map<string, OrderTaxLine>();
  for (const tax of taxLines) {
    const key = taxKey(tax);
    const present = byRate.get(key);
    byRate.set(
      key,
      present ? { ...present, base: present.base + tax.base, amount: present.amount + tax.amount } : tax,
    );
  }
  return [...byRate.values()].map((tax) => taxView(tax, currency));
}

const taxView = (
  { taxClass, title, ratePpm, jurisdiction, base, amount }: OrderTaxLine,
  currency: string,
): TaxCategoryDto => ({
  taxClass,
  title,
  ratePpm,
  jurisdiction,
  base: Money.of(base, currency).toJSON(),
  amount: Money.of(amount, currency).toJSON(),
});
