import type { Order, OrderLine } from '../order/order.js';
import { isSent } from '../order/order.statuses.js';
import { type Fulfilment, hasLeft } from '../fulfilment/fulfilment.js';
import { returnablePieces } from '../order/order-pieces.js';
import type { FieldError } from '../../platform/http/problem.js';

export const RETURN_STATES = [
  'requested',
  'approved',
  'declined',
  'received',
  'settled',
  'canceled',
] as const;
export type ReturnState = (typeof RETURN_STATES)[number];

export const RETURN_REASONS = [
  'does_not_fit',
  'not_as_described',
  'damaged',
  'defective',
  'wrong_item',
  'changed_mind',
  'other',
] as const;
export const CONDITIONS = ['new', 'opened', 'damaged', 'missing'] as const;

export interface ReturnLine {
  lineId: string;
  sku: string;
  title: string;
  quantity: number;
  reason: string;
  /** Pieces that came, or are known to be missing. */
  received: number;
}

export interface Receipt {
  lineId: string;
  condition: string;
  quantity: number;
  restockedAt: string | null;
  at: Date;
}

/** What a buyer asked to send back, and what came of it. */
export interface OrderReturn {
  id: string;
  number: string;
  orderId: string;
  orderNumber: string;
  state: ReturnState;
  askedBy: 'shopper' | 'staff';
  comment: string | null;
  /** What the buyer was answered: why not, or how to send it. */
  answer: string | null;
  labelUrl: string | null;
  /** The change that settled it. */
  changeId: string | null;
  createdAt: Date;
  decidedAt: Date | null;
  receivedAt: Date | null;
  settledAt: Date | null;
  version: number;
  lines: ReturnLine[];
  receipts: Receipt[];
}

/** By which rule goods may be sent back. */
export interface ReturnSettings {
  /** Days from the parcel on; 0: nothing may be sent back without staff. */
  windowDays: number;
  approveAtOnce: boolean;
  /** What is final once it is sold. */
  excludedProducts: string[];
  version: number;
}

const DAY_MS = 24 * 60 * 60_000;

/** Until when a buyer may ask to send a line back: days from the arrival of its last parcel on. Null: nothing of it was sent. */
export function returnableUntil(order: Order, lineId: string, { windowDays }: ReturnSettings): Date | null {
  const sent = order.fulfilments
    .filter((one) => hasLeft(one) && one.lines.some((line) => line.lineId === lineId))
    .map(arrivedAt);
  return sent.length === 0 ? null : new Date(Math.max(...sent) + windowDays * DAY_MS);
}

/** When it arrived; of what nobody knows that it did, when it left. */
const arrivedAt = ({ deliveredAt, shippedAt, createdAt }: Fulfilment): number =>
  (deliveredAt ?? shippedAt ?? createdAt).getTime();

/** What stands in the way of a request, at the place of the line that it is about. Staff are bound by pieces alone. */
export function faultsOf(
  order: Order,
  wanted: readonly { lineId: string; quantity: number }[],
  settings: ReturnSettings,
  now: Date,
  byStaff: boolean,
): FieldError[] {
  return wanted.flatMap(({ lineId, quantity }, index): FieldError[] => {
    const line = order.lines.find(({ id }) => id === lineId);
    const fault = (field: string, code: string, message: string) => [
      { pointer: `/lines/${index}/${field}`, code, message },
    ];
    if (!line) return fault('lineId', 'unknown', 'is no line of the order');
    if (wanted.findIndex((one) => one.lineId === lineId) !== index)
      return fault('lineId', 'duplicate', 'stands in the list before');
    if (!isSent(line)) return fault('lineId', 'not_returnable', 'is nothing that is sent');
    const most = returnablePieces(line);
    if (quantity > most) return fault('quantity', 'max_left', `must be at most ${most}`);
    return byStaff ? [] : ruledOut(order, line, settings, now, fault);
  });
}

function ruledOut(
  order: Order,
  line: OrderLine,
  settings: ReturnSettings,
  now: Date,
  fault: (field: string, code: string, message: string) => FieldError[],
): FieldError[] {
  if (settings.excludedProducts.includes(line.productId))
    return fault('lineId', 'final_sale', 'cannot be sent back');
  const until = returnableUntil(order, line.id, settings);
  if (until !== null && now <= until) return [];
  return fault('lineId', 'too_late', 'could be sent back only for a while');
}
