import type { PaymentView } from '../../billing/billing.api.js';
import { Money } from '../../platform/money/money.js';

/** What a bank disputes is still kept, and may be lost tomorrow. */
type Kept = Pick<PaymentView, 'kept' | 'disputed'>;

const sumOf = <P>(payments: readonly P[], of: (payment: P) => Money, currency: string): Money =>
  Money.sum(payments.map(of), currency);

/** What stays with us of the money of an order. */
export const keptOf = (payments: readonly Pick<PaymentView, 'kept'>[], currency: string): Money =>
  sumOf(payments, ({ kept }) => kept, currency);

/** Whether some of a payment stays whatever a bank decides. */
export const isSafe = ({ kept, disputed }: Kept): boolean => kept.compare(disputed) > 0;

/** What could be given back today: beside a dispute the bank might give it back once more. */
export const returnableOf = (payments: readonly Kept[], currency: string): Money =>
  sumOf(
    payments.filter((payment) => payment.disputed.isZero() && isSafe(payment)),
    ({ kept }) => kept,
    currency,
  );

/**
 * What came in of `owed`. What a bank has taken back is lost to the shop, and the buyer owes it no more than before; whoever pays after all
 * pays that first, and only what comes beyond it is too much.
 */
export function cameIn(
  payments: readonly Pick<PaymentView, 'captured' | 'disputeLost'>[],
  owed: Money,
): Money {
  const { captured, left } = captureOf(payments, owed.currency);
  return max(left, min(captured, owed));
}

/** What of the losses was paid again, beyond what is `owed`. */
export function paidAgain(
  payments: readonly Pick<PaymentView, 'captured' | 'disputeLost'>[],
  owed: Money,
): Money {
  const { captured, lost } = captureOf(payments, owed.currency);
  return min(lost, max(captured.minus(owed), Money.zero(owed.currency)));
}

/** What of an order that costs so much a bank has taken back, and nobody has paid since: it is not given back once more. */
export function missingOf(
  payments: readonly Pick<PaymentView, 'kept' | 'disputeLost'>[],
  total: Money,
): Money {
  const { currency } = total;
  const lost = sumOf(payments, ({ disputeLost }) => disputeLost, currency);
  return min(lost, max(total.minus(keptOf(payments, currency)), Money.zero(currency)));
}

function captureOf(payments: readonly Pick<PaymentView, 'captured' | 'disputeLost'>[], currency: string) {
  const captured = sumOf(payments, (payment) => payment.captured, currency);
  const lost = sumOf(payments, ({ disputeLost }) => disputeLost, currency);
  return { captured, lost, left: captured.minus(lost) };
}

const min = (a: Money, b: Money): Money => (a.compare(b) <= 0 ? a : b);
const max = (a: Money, b: Money): Money => (a.compare(b) >= 0 ? a : b);
