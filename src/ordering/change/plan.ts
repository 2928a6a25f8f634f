import type { SellableVariant } from '../../catalog/catalog.api.js';
import type { Address } from '../../platform/address/address.js';
import type { FieldError } from '../../platform/http/problem.js';
import { newId } from '../../platform/ids.js';
import { Money } from '../../platform/money/money.js';
import {
  computeTotals,
  type TaxedPart,
  shippingCharge,
  shownUnitPrice,
  type TaxLine,
  VOUCHER,
} from '../cart/totals.js';
import type { Order, OrderLine, OrderTaxLine } from '../order/order.js';
import { isSent } from '../order/order.statuses.js';
import type { Rules } from '../selling/selling-rules.js';
import { type Cargo, type Offer, offersFor } from '../shipping/offers.js';
import { detailsOf } from '../shipping/shipping-details.js';
import { rulesAsBefore, type TaxRules, taxRulesFor } from '../tax/tax-rules.js';
import { changeProblems } from './change.errors.js';
import {
  type AddedLine,
  type Change,
  type ChangeKind,
  NOTHING,
  type Pieces,
  type ShippingTerms,
} from './changed-order.js';
import {
  openPieces,
  replaceablePieces,
  returnablePieces,
  unsentPieces,
  UNTOUCHED,
} from '../order/order-pieces.js';

/** What is to happen to an order, as it was asked for: what a draft keeps. */
export interface ChangePlan {
  kind: ChangeKind;
  /** Of a cancellation none: all that was not sent. */
  remove: Pieces[];
  /** `restockAt`: code of the location where they can be sold again; null: they cannot, or lie there already. */
  back: (Pieces & { restockAt: string | null })[];
  refund: Pieces[];
  replace: Pieces[];
  add: { variantId: string; quantity: number }[];
  shippingAddress: Address | null;
  billingAddress: Address | null;
  shippingOptionId: string | null;
  /** Null: what the rule says. */
  refundShipping: boolean | null;
  refundTo: 'original' | 'store_credit';
}

/** What a plan is resolved with: today's prices and rules, and what somebody asked to send back. */
export interface Today {
  sellable: readonly SellableVariant[];
  rules: Rules;
  now: Date;
  /** Pieces of the return that this settles. */
  answered: readonly Pieces[];
}

type Part = 'remove' | 'back' | 'refund' | 'replace' | 'add' | 'shippingAddress' | 'shippingOptionId';

/** What belongs to which kind. Addresses of an invoice and the price of shipping are everybody's. */
const PARTS: Readonly<Record<ChangeKind, readonly Part[]>> = {
  edit: ['remove', 'add', 'shippingAddress', 'shippingOptionId'],
  cancel: ['remove'],
  return: ['back'],
  exchange: ['back', 'add'],
  claim: ['refund', 'replace'],
};
const ALL_PARTS: readonly Part[] = [...new Set(Object.values(PARTS).flat())];

/** The plan as pieces and money; 422 with the place of everything in it that cannot be. */
export function toChange(order: Order, plan: ChangePlan, today: Today): Change {
  const errors = [...foreignParts(plan), ...(isEmpty(plan) ? [NOTHING_ASKED] : [])];
  const isAll = plan.kind === 'cancel' && plan.remove.length === 0;
  const removed = isAll
    ? order.lines.map((line) => ({ lineId: line.id, quantity: unsentPieces(line) })).filter(isSome)
    : plan.remove;
  const whole = plan.kind === 'cancel' && isWhole(order, removed);
  const freed = answeredOf(order, today.answered);
  errors.push(
    ...(isAll && removed.length === 0 ? [NOTHING_LEFT] : []),
    ...(isAll ? plannedFaults(order, whole) : []),
    ...faultsOf('remove', order, removed, isAll ? unsentPieces : openPieces, whole),
    ...faultsOf('back', freed, plan.back, returnablePieces, false),
    ...faultsOf('refund', order, plan.refund, returnablePieces, false),
    ...faultsOf('replace', order, plan.replace, replaceablePieces, false),
    ...twice(order, plan),
    ...addFaults(plan, today),
  );
  if (errors.length > 0) throw changeProblems.change_not_possible(undefined, { errors });
  const tax = frozenTax(order, today.rules);
  const added = addedLines(order, plan, today, tax);
  return {
    ...NOTHING,
    removed: [...removed],
    returned: plan.back.map(({ lineId, quantity }) => ({ lineId, quantity })),
    answered: [...today.answered],
    refunded: plan.refund,
    replaced: plan.replace.map((pieces) => ({ ...pieces, newLineId: newId() })),
    added,
    shipping: shippingTerms(order, plan, today, tax, added),
    refundShipping: plan.refundShipping ?? whole,
    ...(plan.shippingAddress && { shippingAddress: plan.shippingAddress }),
    ...(plan.billingAddress && { billingAddress: plan.billingAddress }),
  };
}

const isSome = ({ quantity }: Pieces): boolean => quantity > 0;

const NOTHING_LEFT: FieldError = {
  pointer: '/remove',
  code: 'nothing_left',
  message: 'nothing is left that was not sent',
};
const NOTHING_ASKED: FieldError = { pointer: '', code: 'empty', message: 'must change something' };

function isEmpty(plan: ChangePlan): boolean {
  if (plan.kind === 'cancel' || plan.refundShipping === true || plan.billingAddress !== null) return false;
  return ALL_PARTS.every((part) => !has(plan, part));
}

function has(plan: ChangePlan, part: Part): boolean {
  const value = plan[part];
  return Array.isArray(value) ? value.length > 0 : value !== null;
}

function foreignParts(plan: ChangePlan): FieldError[] {
  return ALL_PARTS.filter((part) => has(plan, part) && !PARTS[plan.kind].includes(part)).map((part) => ({
    pointer: `/${part}`,
    code: 'other_kind',
    message: `does not belong to a change of kind ${plan.kind}`,
  }));
}

/** Whether nothing is left of an order of which nothing was sent. */
const isWhole = ({ lines }: Order, removed: readonly Pieces[]): boolean =>
  lines.every(
    (line) =>
      line.quantity ===
      removed.filter(({ lineId }) => lineId === line.id).reduce((n, p) => n + p.quantity, 0),
  );

/** What is planned goes with the whole order; when some of it was sent already, nobody knows what is to become of the plan. */
const plannedFaults = ({ lines }: Order, whole: boolean): FieldError[] =>
  whole || lines.every(({ planned }) => planned === 0)
    ? []
    : [
        {
          pointer: '/remove',
          code: 'planned',
          message: 'some of it is planned or packed: cancel its fulfilments first',
        },
      ];

const answeredOf = (order: Order, answered: readonly Pieces[]): Order => ({
  ...order,
  lines: order.lines.map((line) => {
    const asked = answered.find(({ lineId }) => lineId === line.id)?.quantity ?? 0;
    return { ...line, askedBack: line.askedBack - asked };
  }),
});

function faultsOf(
  part: 'remove' | 'back' | 'refund' | 'replace',
  { lines }: Order,
  pieces: readonly Pieces[],
  countOf: (line: OrderLine) => number,
  whole: boolean,
): FieldError[] {
  return pieces.flatMap(({ lineId, quantity }, index): FieldError[] => {
    const line = lines.find(({ id }) => id === lineId);
    const pointer = `/${part}/${index}`;
    if (!line) return [{ pointer: `${pointer}/lineId`, code: 'unknown', message: 'is no line of the order' }];
    if (pieces.findIndex((one) => one.lineId === lineId) !== index)
      return [{ pointer: `${pointer}/lineId`, code: 'duplicate', message: 'stands in the list before' }];
    if (line.kind === 'gift_card' && !whole) {
      return [
        { pointer: `${pointer}/lineId`, code: 'gift_card', message: 'is a gift card: cancel the card' },
      ];
    }
    const most = countOf(line);
    if (quantity <= most) return [];
    return [{ pointer: `${pointer}/quantity`, code: 'max_left', message: `must be at most ${most}` }];
  });
}

/** A claim may refund some pieces of a line and replace others, not more than there are. */
function twice({ lines }: Order, { refund, replace }: ChangePlan): FieldError[] {
  return replace.flatMap(({ lineId, quantity }, index): FieldError[] => {
    const line = lines.find(({ id }) => id === lineId);
    const also = refund.find((one) => one.lineId === lineId)?.quantity ?? 0;
    if (!line || also === 0 || quantity + also <= replaceablePieces(line)) return [];
    const message = `must be at most ${Math.max(replaceablePieces(line) - also, 0)}`;
    return [{ pointer: `/replace/${index}/quantity`, code: 'max_left', message }];
  });
}

function addFaults({ add }: ChangePlan, { sellable }: Today): FieldError[] {
  return add.flatMap(({ variantId }, index): FieldError[] => {
    const variant = sellable.find((one) => one.variantId === variantId);
    const pointer = `/add/${index}/variantId`;
    if (add.findIndex((one) => one.variantId === variantId) !== index)
      return [{ pointer, code: 'duplicate', message: 'stands in the list before' }];
    if (!variant) return [{ pointer, code: 'not_sold', message: 'is not sold in the currency of the order' }];
    return variant.kind === 'gift_card'
      ? [{ pointer, code: 'gift_card', message: 'is a gift card, which is bought by itself' }]
      : [];
  });
}

/** The rules of the zone that the order was taxed in, as they are today; what was bought keeps its rates. */
export function frozenTax(order: Order, { tax }: Rules): TaxRules {
  return rulesAsBefore(tax, { ...order, destination: order.shippingAddress ?? order.billingAddress });
}

/** Lines at today's prices, taxed like a purchase of their own. */
function addedLines(order: Order, { add }: ChangePlan, { sellable }: Today, tax: TaxRules): AddedLine[] {
  const items = add.flatMap(({ variantId, quantity }) => {
    const variant = sellable.find((one) => one.variantId === variantId);
    return variant ? [{ ...variant, quantity }] : [];
  });
  const totals = computeTotals(order.currency, items, null, tax);
  return items.flatMap((item, index): AddedLine[] => {
    const charge = totals.lines[index];
    if (!charge) return [];
    const id = newId();
    const { variantId, productId, sku, title, variantTitle, options, quantity, kind, download } = item;
    return [
      {
        line: {
          ...{ id, variantId, productId, sku, title, variantTitle, options, quantity, kind, download },
          ...UNTOUCHED,
          fulfilled: 0,
          promisedFor: null,
          giftCard: null,
          properties: null,
          givenBy: null,
          stockTracked: item.stockTracked,
          components:
            item.components?.map((part) => ({
              variantId: part.variantId,
              sku: part.sku,
              title: part.title,
              quantity: part.quantity,
              stockTracked: part.stockTracked,
            })) ?? null,
          unitPrice: shownUnitPrice(item.unitPrice, quantity, charge).amount,
          discount: charge.discount.amount,
          tax: charge.tax.amount,
          total: charge.total.amount,
        },
        taxLines: charge.taxLines.map((one) => taxLineOf(id, one)),
      },
    ];
  });
}

const taxLineOf = (lineId: string | null, { base, amount, ...rate }: TaxLine): OrderTaxLine => ({
  ...rate,
  lineId,
  base: base.amount,
  amount: amount.amount,
});

/** How it goes from now on, when that was asked for; else it stays as it was paid, unless nothing goes there. */
function shippingTerms(
  order: Order,
  plan: ChangePlan,
  { sellable, rules, now }: Today,
  tax: TaxRules,
  added: readonly AddedLine[],
): ShippingTerms | null {
  const address = plan.shippingAddress ?? order.shippingAddress;
  const lines = [...order.lines, ...added.map(({ line }) => line)].filter(isSent);
  const asks = plan.shippingOptionId !== null || plan.shippingAddress !== null;
  const isNew = order.shippingOptionId === null && added.some(({ line }) => isSent(line));
  if (!asks && !isNew) return null;
  if (address === null)
    throw impossible('/shippingAddress', 'required', 'is required: something is sent now');
  refuseOtherTaxes(order, address, rules);
  const at = { now, calendar: rules.calendar };
  const offers = offersFor(
    rules.shipping,
    address,
    order.currency,
    cargoOf(lines, order.currency, sellable),
    at,
  );
  const wanted = plan.shippingOptionId ?? order.shippingOptionId;
  const offer = offers.find(({ optionId, kind }) => optionId === wanted && kind === 'delivery');
  if (!offer) {
    throw impossible('/shippingOptionId', 'not_offered', 'must be one that is offered for the address');
  }
  return plan.shippingOptionId === null ? null : termsOf(order, offer, tax, added);
}

/** What is to be sent, at what it was sold for; of what is no longer sold nobody knows the weight. */
function cargoOf(lines: readonly OrderLine[], currency: string, sellable: readonly SellableVariant[]): Cargo {
  const variants = new Map(sellable.map((variant) => [variant.variantId, variant]));
  const value = lines.reduce((sum, line) => sum + line.unitPrice * BigInt(line.quantity) - line.discount, 0n);
  return {
    lines: lines.map(({ variantId, sku, quantity }) => {
      const {
        weightGrams = 0,
        lengthMm = 0,
        widthMm = 0,
        heightMm = 0,
        shippingClass = null,
      } = variants.get(variantId) ?? {};
      return { variantId, sku, quantity, weightGrams, lengthMm, widthMm, heightMm, shippingClass };
    }),
    goods: Money.of(value, currency),
  };
}

function termsOf(order: Order, offer: Offer, tax: TaxRules, added: readonly AddedLine[]): ShippingTerms {
  const { optionId, title } = offer;
  const { price, taxLines } = shippingCharge(offer.price, taxedGoods(order, added), tax);
  return {
    optionId,
    title,
    chosenBy: 'staff',
    price: price.amount,
    // Promotions are not asked again.
    discounts: [],
    taxLines: taxLines.map((one) => taxLineOf(null, one)),
    details: detailsOf(offer),
  };
}

/** What the order comes to by classes of tax: a way that is taxed like its goods is taxed by them. */
function taxedGoods(order: Order, added: readonly AddedLine[]): TaxedPart[] {
  const goods = [
    ...order.lines.map((line) => ({
      line,
      taxLines: order.taxLines.filter(({ lineId }) => lineId === line.id),
    })),
    ...added,
  ];
  return goods.flatMap(({ line: { total, tax }, taxLines: [first] }): TaxedPart[] => {
    if (!first) return [];
    const { taxClass } = first;
    const price = Money.of(order.pricesIncludeTax ? total : total - tax, order.currency);
    return [
      { price, discount: Money.zero(order.currency), taxClass, isVoucher: taxClass === VOUCHER.taxClass },
    ];
  });
}

/** What was taxed by the rules of one zone is not sent into another. */
function refuseOtherTaxes(
  { shippingAddress: before, taxZone }: Order,
  address: Address,
  { tax }: Rules,
): void {
  if (before === null) return;
  const { zone } = taxRulesFor(tax, { destination: address });
  // A zone may have got another name since.
  const isSame =
    before.country === address.country && taxRulesFor(tax, { destination: before }).zone === zone;
  if (isSame || zone === taxZone) return;
  throw impossible(
    '/shippingAddress/country',
    'other_tax_zone',
    'is taxed by other rules: cancel the order and make another',
  );
}

const impossible = (pointer: string, code: string, message: string) =>
  changeProblems.change_not_possible(undefined, { errors: [{ pointer, code, message }] });

/** What the plan has to know the prices and weights of. */
export const variantsOf = (order: Order, { add }: ChangePlan): { variantId: string; quantity: number }[] => [
  ...add,
  ...[...new Set(order.lines.map(({ variantId }) => variantId))]
    .filter((variantId) => !add.some((one) => one.variantId === variantId))
    .map((variantId) => ({ variantId, quantity: 1 })),
];
