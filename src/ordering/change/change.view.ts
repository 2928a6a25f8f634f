import { Money } from '../../platform/money/money.js';
import type { Order, OrderLine } from '../order/order.js';
import type { Previewed } from './change-drafts.service.js';
import type { ChangePreviewDto, ExplainedDto, OrderChangeDto, StockEffectDto } from './change.dto.js';
import { obstaclesOf } from './change-obstacles.js';
import type { OrderChange } from './change.repository.js';
import type { Change, Explained, Pieces } from './changed-order.js';

export function changeView(change: OrderChange): OrderChangeDto {
  const money = (amount: bigint) => Money.of(amount, change.currency).toJSON();
  const { plan, difference } = change;
  return {
    id: change.id,
    orderId: change.orderId,
    kind: change.kind,
    state: change.state,
    currency: change.currency,
    remove: plan.remove,
    back: plan.back,
    refund: plan.refund,
    replace: plan.replace,
    add: plan.add,
    shippingAddress: plan.shippingAddress,
    billingAddress: plan.billingAddress,
    shippingOptionId: plan.shippingOptionId,
    refundShipping: plan.refundShipping,
    refundTo: plan.refundTo,
    reason: change.reason,
    returnId: change.returnId,
    orderVersion: change.orderVersion,
    version: change.version,
    difference: difference === null ? null : money(difference),
    due: money(change.due),
    refunded: money(change.refund),
    expiresAt: change.expiresAt?.toISOString() ?? null,
    createdAt: change.createdAt.toISOString(),
    createdBy: change.createdBy,
    decidedAt: change.decidedAt?.toISOString() ?? null,
    decidedBy: change.decidedBy,
  };
}

export function previewView({ order: before, change, calculated }: Previewed): ChangePreviewDto {
  const { order, difference, due, refund, explained, isCanceled } = calculated;
  const money = (amount: bigint) => Money.of(amount, order.currency).toJSON();
  const known = new Set(before.lines.map(({ id }) => id));
  return {
    changeId: change.id,
    orderVersion: change.orderVersion,
    isCurrent: change.orderVersion === before.version,
    cancelsOrder: isCanceled,
    difference: difference.toJSON(),
    creditedBefore: calculated.creditedBefore.toJSON(),
    due: due.toJSON(),
    refund: refund.toJSON(),
    totals: {
      subtotal: money(order.subtotal),
      discount: money(order.discount),
      shipping: money(order.shipping),
      tax: money(order.tax),
      total: money(order.total),
    },
    lines: explained.map((one) => explainedView(one, order, known)),
    stock: stockView(order, calculated.change, change),
    obstacles: obstaclesOf(before, change.plan, calculated),
  };
}

function explainedView(one: Explained, order: Order, known: ReadonlySet<string>): ExplainedDto {
  const money = (amount: bigint) => Money.of(amount, order.currency).toJSON();
  const line = order.lines.find(({ id }) => id === one.lineId);
  return {
    effect: one.effect,
    // A line that the confirmation writes has no id before.
    lineId: one.lineId !== null && known.has(one.lineId) ? one.lineId : null,
    sku: line?.sku ?? null,
    title: line?.title ?? order.shippingTitle ?? '',
    quantity: one.quantity,
    price: money(one.price),
    discount: money(one.discount),
    tax: money(one.tax),
    total: money(one.total),
  };
}

function stockView(
  order: Order,
  { removed, replaced, added }: Change,
  { plan }: OrderChange,
): StockEffectDto[] {
  const of = (effect: string, pieces: readonly Pieces[], location: string | null) =>
    pieces.flatMap(({ lineId, quantity }) => {
      const line = order.lines.find(({ id }) => id === lineId);
      return line ? effects(effect, line, quantity, location) : [];
    });
  return [
    ...of('released', removed, null),
    ...plan.back.flatMap(({ restockAt, ...pieces }) =>
      restockAt === null ? [] : of('restocked', [pieces], restockAt),
    ),
    ...added.flatMap(({ line }) => effects('taken', line, line.quantity, null)),
    ...of('taken', replaced, null),
  ];
}

/** Of a bundle its parts; of what nobody counts nothing. */
function effects(
  effect: string,
  { variantId, sku, stockTracked, components }: OrderLine,
  pieces: number,
  location: string | null,
): StockEffectDto[] {
  const parts = components ?? [{ variantId, sku, quantity: 1, stockTracked }];
  return parts
    .filter((part) => part.stockTracked)
    .map((part) => ({
      effect,
      variantId: part.variantId,
      sku: part.sku,
      quantity: pieces * part.quantity,
      location,
    }));
}
