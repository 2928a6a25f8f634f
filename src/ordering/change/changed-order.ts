import { Money } from '../../platform/money/money.js';
import type { Address } from '../../platform/address/address.js';
import type { ShippingDetails } from '../shipping/shipping-details.js';
import { type OrderDiscount, shippingDiscountOf } from '../order/order-discount.js';
import type { Order, OrderLine, OrderTaxLine } from '../order/order.js';
import { paidPieces, shareOf, unsentPieces, UNTOUCHED } from '../order/order-pieces.js';

export const CHANGE_KINDS = ['edit', 'cancel', 'return', 'exchange', 'claim'] as const;
export type ChangeKind = (typeof CHANGE_KINDS)[number];

/** So many pieces of a line of the order. */
export interface Pieces {
  lineId: string;
  quantity: number;
}

/** What comes on top, priced and taxed as of today. */
export interface AddedLine {
  line: OrderLine;
  taxLines: OrderTaxLine[];
}

/** The way that it goes from now on, with its price and tax; a way that it had before is put back by the same. */
export interface ShippingTerms {
  optionId: string | null;
  title: string | null;
  chosenBy: string | null;
  price: bigint;
  /** What promotions took off it. */
  discounts: OrderDiscount[];
  taxLines: OrderTaxLine[];
  /** Left out: as the order has it. */
  details?: ShippingDetails | null;
}

/** All that happens to an order at once, resolved to pieces and money. */
export interface Change {
  /** Not sent, and never will be. */
  removed: Pieces[];
  /** Sent, and came back: their money goes back. */
  returned: Pieces[];
  /** Somebody had asked to send them back, and that is settled by this. */
  answered: Pieces[];
  /** Damaged or lost: their money goes back, the goods do not. */
  refunded: Pieces[];
  /** Damaged or lost: sent again for nothing, as a line with this id. */
  replaced: (Pieces & { newLineId: string })[];
  added: AddedLine[];
  shipping: ShippingTerms | null;
  /** The price of shipping goes back too. */
  refundShipping: boolean;
  shippingAddress?: Address;
  billingAddress?: Address;
}

export const NOTHING: Change = {
  removed: [],
  returned: [],
  answered: [],
  refunded: [],
  replaced: [],
  added: [],
  shipping: null,
  refundShipping: false,
};

export type Effect = 'removed' | 'returned' | 'refunded' | 'replaced' | 'added' | 'shipping';

/** What one part of a change does to the total: what goes away is negative. */
export interface Explained {
  effect: Effect;
  /** Null: shipping. */
  lineId: string | null;
  quantity: number;
  /** Prices times pieces, as shown in the shop. */
  price: bigint;
  discount: bigint;
  tax: bigint;
  total: bigint;
}

export interface ChangedOrder {
  order: Order;
  /** What the order costs more (or, negative, less) than before: the sum of what is explained. */
  difference: Money;
  explained: Explained[];
  /** Nothing of it is left, and nothing of it was sent. */
  isCanceled: boolean;
}

/**
 * The order as it would be, and what that costs, line by line. What goes away goes at the price, discount and tax that were
 * frozen on it; what comes is priced by the caller; promotions are not asked again. The preview shows what this
 * answers, and the confirmation writes it.
 */
export function changed(before: Order, change: Change): ChangedOrder {
  const order: Order = {
    ...before,
    lines: before.lines.map((line) => ({ ...line })),
    taxLines: before.taxLines.map((tax) => ({ ...tax })),
    discounts: before.discounts.map((one) => ({ ...one })),
    shippingAddress: change.shippingAddress ?? before.shippingAddress,
    billingAddress: change.billingAddress ?? before.billingAddress,
  };
  const explained: Explained[] = [];
  const goes = (effect: Effect, pieces: readonly Pieces[], count: (line: OrderLine, n: number) => void) => {
    for (const { lineId, quantity } of pieces) {
      const line = lineOf(order, lineId);
      explained.push(takeOut(order, line, effect, quantity));
      count(line, quantity);
    }
  };
  for (const { lineId, quantity } of change.answered) lineOf(order, lineId).askedBack -= quantity;
  goes('removed', change.removed, (line, pieces) => {
    line.quantity -= pieces;
    line.canceled += pieces;
    line.awaiting = Math.min(line.awaiting, unsentPieces(line));
  });
  goes('returned', change.returned, (line, pieces) => {
    line.returned += pieces;
  });
  goes('refunded', change.refunded, (line, pieces) => {
    line.refunded += pieces;
  });
  for (const { lineId, quantity, newLineId } of change.replaced) {
    const line = lineOf(order, lineId);
    line.replaced += quantity;
    explained.push(putIn(order, replacementOf(order, line, newLineId, quantity), 'replaced'));
  }
  for (const added of change.added) explained.push(putIn(order, structuredClone(added), 'added'));
  const terms = change.shipping ?? (change.refundShipping ? free(before) : null);
  if (terms) explained.push(...reship(order, terms));
  const difference = explained.reduce((sum, { total }) => sum + total, 0n);
  applyTo(order, explained);
  const nothingLeft = order.lines.every(({ quantity }) => quantity === 0);
  return { order, difference: Money.of(difference, order.currency), explained, isCanceled: nothingLeft };
}

/** Totals move by what is explained, so that whatever else is in them stays. */
function applyTo(order: Order, explained: readonly Explained[]): void {
  for (const { effect, price, discount, tax, total } of explained) {
    if (effect === 'shipping') order.shipping += price;
    else order.subtotal += price;
    order.discount += discount;
    order.tax += tax;
    order.total += total;
  }
}

function takeOut(order: Order, line: OrderLine, effect: Effect, pieces: number): Explained {
  const all = paidPieces(line);
  const worth = worthOf(order, line);
  const price = shareOf(worth, all, pieces);
  const discount = shareOf(line.discount, all, pieces);
  const amount = price - discount;
  const rest = worth - price - (line.discount - discount);
  const share = shareOf(line.tax, all, pieces);
  // Where prices include the tax, none is more than what it is in, and neither is what stays.
  const taxes = order.pricesIncludeTax ? within(share, line.tax - rest, amount) : share;
  const total = order.pricesIncludeTax ? amount : amount + taxes;
  takeTaxes(order, line, taxes, total - taxes);
  line.discount -= discount;
  order.discounts = shrunk(order, line);
  line.tax -= taxes;
  line.total -= total;
  return {
    effect,
    lineId: line.id,
    quantity: pieces,
    price: -price,
    discount: -discount,
    tax: -taxes,
    total: -total,
  };
}

/** What its paid pieces cost before the discount: a piece is its part of that, where tax was taken out of the prices. */
const worthOf = ({ pricesIncludeTax }: Order, { total, tax, discount }: OrderLine): bigint =>
  (pricesIncludeTax ? total : total - tax) + discount;

/** Out of the rates of a line in proportion; a rate that was taken on others loses its part of them too. */
function takeTaxes(order: Order, line: OrderLine, taxes: bigint, net: bigint): void {
  const own = order.taxLines.filter(({ lineId }) => lineId === line.id);
  if (own.length === 0) return;
  const whole = line.total - line.tax;
  const shares = Money.of(taxes, order.currency).split(own.map(({ amount }) => amount));
  own.forEach((tax, index) => {
    tax.amount -= shares[index]?.amount ?? 0n;
    tax.base -= tax.base === whole || whole === 0n ? net : (tax.base * net) / whole;
  });
}

/** What each promotion took off a line, when the line has less of a discount than before; none of them is left at nothing. */
function shrunk({ discounts, currency }: Order, { id, discount }: OrderLine): OrderDiscount[] {
  const own = discounts.filter(({ lineId }) => lineId === id);
  if (own.length === 0) return discounts;
  const shares = Money.of(discount, currency).split(own.map(({ amount }) => amount));
  own.forEach((one, index) => (one.amount = shares[index]?.amount ?? 0n));
  return discounts.filter(({ amount }) => amount > 0n);
}

const within = (value: bigint, least: bigint, most: bigint): bigint =>
  value < least ? least : value > most ? most : value;

function putIn(order: Order, { line, taxLines }: AddedLine, effect: Effect): Explained {
  order.lines.push(line);
  order.taxLines.push(...taxLines);
  const { id: lineId, quantity, discount, tax, total } = line;
  return { effect, lineId, quantity, price: worthOf(order, line), discount, tax, total };
}

/** The same again, which costs nothing. */
function replacementOf(order: Order, line: OrderLine, id: string, quantity: number): AddedLine {
  const own = order.taxLines.filter(({ lineId }) => lineId === line.id);
  return {
    line: {
      ...line,
      ...UNTOUCHED,
      id,
      quantity,
      fulfilled: 0,
      promisedFor: null,
      unitPrice: 0n,
      discount: 0n,
      tax: 0n,
      total: 0n,
    },
    taxLines: own.map((tax) => ({ ...tax, lineId: id, base: 0n, amount: 0n })),
  };
}

/** The same way, for nothing. */
function free(order: Order): ShippingTerms {
  const { taxLines, ...terms } = shippingOf(order);
  const untaxed = taxLines.map((tax) => ({ ...tax, base: 0n, amount: 0n }));
  return { ...terms, price: 0n, discounts: [], taxLines: untaxed };
}

/** How an order is sent now: what a change of it is taken back with. */
export function shippingOf(order: Order): ShippingTerms {
  const taxLines = order.taxLines.filter(({ lineId }) => lineId === null);
  return {
    optionId: order.shippingOptionId,
    title: order.shippingTitle,
    chosenBy: order.shippingChosenBy,
    price: order.shipping,
    discounts: order.discounts.filter(({ lineId }) => lineId === null).map((one) => ({ ...one })),
    taxLines: taxLines.map((tax) => ({ ...tax })),
    details: order.shippingDetails,
  };
}

function reship(order: Order, terms: ShippingTerms): Explained[] {
  const had = shippingOf(order);
  const tax = taxOf(terms) - taxOf(had);
  const price = terms.price - had.price;
  const discount = shippingDiscountOf(terms.discounts) - shippingDiscountOf(had.discounts);
  order.shippingOptionId = terms.optionId;
  order.shippingTitle = terms.title;
  order.shippingChosenBy = terms.chosenBy;
  if (terms.details !== undefined) order.shippingDetails = terms.details;
  order.taxLines = [
    ...order.taxLines.filter(({ lineId }) => lineId !== null),
    ...terms.taxLines.map((one) => ({ ...one })),
  ];
  order.discounts = [
    ...order.discounts.filter(({ lineId }) => lineId !== null),
    ...terms.discounts.map((one) => ({ ...one })),
  ];
  if (price === 0n && discount === 0n && tax === 0n) return [];
  const total = price - discount + (order.pricesIncludeTax ? 0n : tax);
  return [{ effect: 'shipping', lineId: null, quantity: 1, price, discount, tax, total }];
}

const taxOf = ({ taxLines }: ShippingTerms): bigint => taxLines.reduce((sum, { amount }) => sum + amount, 0n);

function lineOf({ lines }: Order, id: string): OrderLine {
  const line = lines.find((one) => one.id === id);
  if (!line) throw new Error(`the order has no line ${id}`);
  return line;
}

/** What a difference comes to, after what was paid already. */
export interface Settling {
  /** Of what the order costs less: so much went back before, by credit notes that staff made. */
  creditedBefore: Money;
  /** Still to be paid by the buyer, all of the order. */
  due: Money;
  /** Goes back to the buyer now. */
  refund: Money;
  /** What the changes of the order have given back in all: the order then owes `total`, and took `total + givenBack`. */
  givenBack: bigint;
}

/**
 * What has to move. `order` is the order before, `kept` what stays of its payments and `captured` what came in all. What was
 * not paid yet is not given back, and nothing goes back that went back before: neither by a change, nor by a credit note that
 * staff made for some of what goes now (`credited`), as far as its money went.
 */
export function settling(
  order: Order,
  difference: Money,
  { captured, kept, credited }: Record<'captured' | 'kept' | 'credited', Money>,
): Settling {
  const zero = Money.zero(order.currency);
  const owed = Money.of(order.total + order.givenBack, order.currency);
  const byHand = max(captured.minus(kept).minus(Money.of(order.givenBack, order.currency)), zero);
  const creditedBefore = min(credited, byHand);
  const unpaid = max(owed.minus(captured), zero);
  const toSettle = difference.plus(creditedBefore);
  if (!toSettle.isNegative()) {
    return {
      creditedBefore,
      due: max(owed.plus(toSettle).minus(captured), zero),
      refund: zero,
      givenBack: order.givenBack + creditedBefore.amount,
    };
  }
  const less = toSettle.negated();
  const back = max(less.minus(unpaid), zero);
  return {
    creditedBefore,
    due: max(unpaid.minus(less), zero),
    refund: min(back, kept),
    givenBack: order.givenBack + creditedBefore.amount + back.amount,
  };
}

const min = (a: Money, b: Money): Money => (a.compare(b) <= 0 ? a : b);
const max = (a: Money, b: Money): Money => (a.compare(b) >= 0 ? a : b);
