import type { PaymentView } from '../../billing/billing.api.js';
import { paidPieces } from '../order/order-pieces.js';
import { Money } from '../../platform/money/money.js';
import { awaitedOf } from '../fulfilment/sending.js';
import type { Order, OrderLine } from '../order/order.js';
import { isBought } from '../order/order.guards.js';
import { isKept } from '../order/order.statuses.js';
import type { DOWNLOAD_STATES } from './download.dto.js';

export type DownloadState = (typeof DOWNLOAD_STATES)[number];

const DAY_MS = 24 * 60 * 60_000;

/**
 * Until when a file of a line may be downloaded; null: for good, or nobody knows yet. `since`: of a file that came after the
 * order its days count from then on; null for one that was sold.
 */
export function untilOf({ placedAt }: Order, { download }: OrderLine, since: Date | null): Date | null {
  if (placedAt === null || download === null || download.days === null) return null;
  const begins = Math.max(placedAt.getTime(), since?.getTime() ?? 0);
  return new Date(begins + download.days * DAY_MS);
}

/** Whether a file of a line may be downloaded now, and why not; `since` as for `untilOf`. A hold on a card is not a payment. */
export function stateOf(
  order: Order,
  line: OrderLine,
  payments: readonly PaymentView[],
  { uses, since }: { uses: number; since: Date | null },
  now: Date,
): DownloadState {
  if (order.status === 'canceled' || order.status === 'expired' || paidPieces(line) === 0) return 'stopped';
  // An addition that nobody has paid keeps itself back, and nothing else.
  const total = Money.of(order.total - awaitedOf(order), order.currency);
  const captured = payments.filter((payment) => !payment.captured.isZero());
  if (!isBought(order) || line.awaiting > 0 || !isBegun(captured, total)) return 'waiting';
  if (!isKept(captured, total)) return 'stopped';
  const until = untilOf(order, line, since);
  if (until !== null && now > until) return 'over';
  const limit = line.download?.limit ?? null;
  return limit !== null && uses >= limit ? 'used_up' : 'ready';
}

/** Whether the first payment brought anything. What was let go, and is paid otherwise, has to be paid to the end. */
function isBegun(captured: readonly PaymentView[], total: Money): boolean {
  if (captured.some(({ purpose }) => purpose !== 'extra')) return true;
  const sum = Money.sum(
    captured.map((payment) => payment.captured),
    total.currency,
  );
  return sum.compare(total) >= 0;
}
