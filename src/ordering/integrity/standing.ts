import { type PaymentView, RECEIVED_KINDS } from '../../billing/billing.api.js';
import type { StockSource } from '../../catalog/catalog.api.js';
import { type Difference, differenceOf } from '../../platform/integrity/integrity.js';
import { Money } from '../../platform/money/money.js';
import { cameIn, keptOf } from '../order/order-money.js';
import { fulfilmentStatusOf, isAllSent, paymentStatusOf } from '../order/order.statuses.js';
import { cardsDue } from '../gift-card/cards-due.js';
import type { StandingOrder } from './integrity.repository.js';

type Payment = PaymentView;
type Source = Pick<StockSource, 'variantId' | 'quantity' | 'shipped'>;

const totalOf = ({ total, currency }: StandingOrder): Money => Money.of(BigInt(total), currency);
const owedOf = ({ total, givenBack, currency }: StandingOrder): Money =>
  Money.of(BigInt(total) + BigInt(givenBack), currency);
const withdrawnOf = ({ withdrawn, currency }: StandingOrder): Money => Money.of(BigInt(withdrawn), currency);
const isLive = ({ status }: StandingOrder): boolean => status === 'placed' || status === 'completed';

/** The statuses of an order as its lines and payments say them. */
export function statusDifference(order: StandingOrder, payments: readonly Payment[]): Difference | null {
  const { status, lines } = order;
  return differenceOf(order.id, {
    'payment status': [
      paymentStatusOf(payments, owedOf(order), totalOf(order), withdrawnOf(order)),
      order.paymentStatus,
    ],
    'fulfilment status': [fulfilmentStatusOf(lines), order.fulfilmentStatus],
    // Whatever else completes an order, nothing of it is left to be sent then.
    status: [status === 'completed' && !isAllSent(lines) ? 'placed' : status, status],
  });
}

/**
 * What came in for an order is what it was to take, less what was let go of holds, and what stays of it is no more than it costs.
 * Neither is told of an order that waits for money, or for a person to look at it; a charge of too much is a status that staff see.
 */
export function moneyDifference(
  order: StandingOrder,
  payments: readonly Payment[],
  stranded: ReadonlySet<string>,
): Difference | null {
  const { currency } = order;
  if (payments.some(({ status }) => status === 'requires_review')) return null;
  const kept = keptOf(payments, currency);
  const stuck = Money.sum(
    payments.map((payment) => stuckOf(payment, stranded)),
    currency,
  );
  if (order.status === 'canceled') return differenceOf(order.id, { kept: [stuck.amount, kept.amount] });
  if (!isLive(order) || order.awaitingChange !== null || order.paymentStatus === 'overcharged') return null;
  const sum = (of: (payment: Payment) => Money) => Money.sum(payments.map(of), currency);
  const [total, owed] = [totalOf(order), owedOf(order)];
  const [captured, held] = [cameIn(payments, owed), sum((payment) => payment.held)];
  const letGo = sum((payment) => payment.letGo);
  // What was too much has gone back, or is on its way. Of a hold as much is captured as is needed.
  const isTooMuch = captured.compare(owed) > 0 && !(payments.some(mayBeTooMuch) && kept.compare(total) <= 0);
  const isThere = !isTooMuch && captured.plus(held).plus(letGo).compare(owed) >= 0;
  return differenceOf(order.id, {
    received: [owed.amount, isThere ? owed.amount : captured.plus(held).amount],
    kept: [kept.compare(total.plus(stuck)) > 0 ? total.amount : kept.amount, kept.amount],
  });
}

/** Whether more than it was to be may have come in by it: by hand, or because the gateway took more and staff accepted that. */
const mayBeTooMuch = (payment: Payment): boolean =>
  isReceived(payment) || payment.captured.compare(payment.amount) > 0;

/**
 * What of a payment cannot go back by itself. What the house could pay to nobody is there until a person has paid it back, as is all
 * that came by hand, and what a bank disputes until it has decided: limbo tells of both.
 */
function stuckOf({ id, kept, disputed }: Payment, stranded: ReadonlySet<string>): Money {
  // What was refunded and then taken back by a bank too is a loss, and nobody's to move.
  return stranded.has(id) || !disputed.isZero() || kept.isNegative() ? kept : Money.zero(kept.currency);
}

const isReceived = ({ kind }: Payment): boolean => RECEIVED_KINDS.some((each) => each === kind);

/** Each piece of a gift card that is paid for is a card; of what was taken off later the cards stay. */
export function giftCardDifference(
  order: StandingOrder,
  payments: readonly Payment[],
  cards: ReadonlyMap<string, number>,
): Difference | null {
  const lines = order.lines.map((line) => ({ ...line, unitPrice: BigInt(line.unitPrice) }));
  const due = cardsDue({ ...order, lines }, payments);
  const expected = due.reduce((sum, { quantity }) => sum + quantity, 0);
  const found = due.reduce((sum, { id, quantity }) => sum + Math.min(cards.get(id) ?? 0, quantity), 0);
  return differenceOf(order.id, { cards: [BigInt(expected), BigInt(found)] });
}

/** What is promised to an order is what of it has not left, variant by variant; nothing once it came to nothing. */
export function goodsDifference(order: StandingOrder, sources: readonly Source[]): Difference | null {
  if (order.status === 'pending_payment') return null;
  const expected = new Map<string, bigint>();
  const found = new Map<string, bigint>();
  const add = (to: Map<string, bigint>, variantId: string, pieces: number) =>
    to.set(variantId, (to.get(variantId) ?? 0n) + BigInt(pieces));
  if (isLive(order)) {
    for (const { variantId, quantity, fulfilled, stockTracked, components } of order.lines) {
      const left = quantity - fulfilled;
      const parts = components ?? [{ variantId, quantity: 1, stockTracked }];
      for (const part of parts) if (part.stockTracked) add(expected, part.variantId, left * part.quantity);
    }
  }
  for (const { variantId, quantity, shipped } of sources) add(found, variantId, quantity - shipped);
  const variants = [...new Set([...expected.keys(), ...found.keys()])].sort();
  return differenceOf(
    order.id,
    Object.fromEntries(variants.map((id) => [id, [expected.get(id) ?? 0n, found.get(id) ?? 0n] as const])),
  );
}
