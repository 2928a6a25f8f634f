import type { SellableVariant } from '../../catalog/catalog.api.js';
import type { FieldError } from '../../platform/http/problem.js';
import { Shelf } from '../cart/shelf.js';
import type { Order } from '../order/order.js';
import type { Calculated } from './change-calculation.service.js';
import type { ChangePlan } from './plan.js';

/**
 * What the confirmation of a change would refuse as things stand, though its sum is known: goods that are not there, and credit
 * for who has no account. The confirmation itself asks again, under its locks.
 */
export function obstaclesOf(before: Order, plan: ChangePlan, calculated: Calculated): FieldError[] {
  const { order, change, refund, sellable } = calculated;
  const shelf = new Shelf();
  const short = (variant: SellableVariant | undefined, quantity: number, pointer: string): FieldError[] => {
    if (!variant) return [];
    // What is taken off is there again.
    const freed = change.removed.reduce((sum, pieces) => {
      const line = before.lines.find(({ id }) => id === pieces.lineId);
      return line?.variantId === variant.variantId ? sum + pieces.quantity : sum;
    }, 0);
    const { enough, most } = shelf.take({ ...variant, most: variant.most + freed }, quantity);
    return enough ? [] : [{ pointer, code: 'out_of_stock', message: `must be at most ${most}` }];
  };
  const soldAs = (variantId: string) => sellable.find((one) => one.variantId === variantId);
  return [
    ...plan.add.flatMap(({ variantId, quantity }, index) =>
      short(soldAs(variantId), quantity, `/add/${index}/quantity`),
    ),
    ...plan.replace.flatMap(({ lineId, quantity }, index) => {
      const line = order.lines.find(({ id }) => id === lineId);
      return line ? short(soldAs(line.variantId), quantity, `/replace/${index}/quantity`) : [];
    }),
    ...(plan.refundTo === 'store_credit' && before.customerId === null && !refund.isZero()
      ? [
          {
            pointer: '/refundTo',
            code: 'credit_needs_customer',
            message: 'must be original: the order belongs to no account',
          },
        ]
      : []),
  ];
}
