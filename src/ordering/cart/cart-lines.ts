import type { SellableVariant } from '../../catalog/catalog.api.js';
import { platformProblems } from '../../platform/http/problem.js';
import { newId } from '../../platform/ids.js';
import { mostInOne } from './assessment.js';
import type { CartLineInput, GiftCardForDto } from './cart.dto.js';
import { cartProblems } from './cart.errors.js';
import {
  type CartLine,
  type GiftCardFor,
  isSameLine,
  MAX_QUANTITY,
  type Particulars,
  quantitiesOf,
  type Wish,
} from './cart.js';

/** What a shopper asks for, read. */
export interface WantedLine extends Particulars {
  variantId: string;
  quantity: number;
}

const MAX_PROPERTIES = 10;
const MAX_NAME = 40;
const MAX_VALUE = 500;
/** What a label shows in another place than it was meant for. Lines may end: words to engrave stand in lines. */
const UNSEEN = /[^\P{Cc}\n]|[\p{Zl}\p{Zp}\p{Bidi_Control}]/u;

const giftFor = ({ recipientEmail, recipientName, message, sendAt }: GiftCardForDto): GiftCardFor => ({
  recipientEmail,
  recipientName: recipientName ?? null,
  message: message ?? null,
  sendAt: sendAt ?? null,
});

/** Reads lines; the same thing twice is one line. `place` is the JSON Pointer of a line. */
export function wantedLines(
  inputs: readonly CartLineInput[],
  place: (index: number) => string,
): WantedLine[] {
  const wanted: WantedLine[] = [];
  for (const [index, { variantId, quantity, giftCard, properties }] of inputs.entries()) {
    refuseOddProperties(properties ?? {}, `${place(index)}/properties`);
    const entries = Object.entries(properties ?? {});
    const line: WantedLine = {
      variantId,
      quantity,
      giftCard: giftCard ? giftFor(giftCard) : null,
      properties: entries.length === 0 ? null : Object.fromEntries(entries),
    };
    const before = wanted.find((one) => isSameLine(one, line));
    if (before) before.quantity += quantity;
    else wanted.push(line);
    if ((before ?? line).quantity > MAX_QUANTITY) throw cartProblems.too_many_lines();
  }
  return wanted;
}

function refuseOddProperties(properties: Record<string, string>, pointer: string): void {
  const odd = (name: string, code: string, message: string) => [
    { pointer: name === '' ? pointer : `${pointer}/${escaped(name)}`, code, message },
  ];
  const entries = Object.entries(properties);
  const errors = entries.flatMap(([name, value]) => {
    // What stands there may be anything: it is not said back.
    if (name.trim() === '' || name.length > MAX_NAME || UNSEEN.test(name))
      return odd('', 'malformed_name', `names must be visible and have 1 to ${MAX_NAME} characters`);
    if (value.trim() === '') return odd(name, 'empty', 'must hold a visible character');
    if (value.length > MAX_VALUE) return odd(name, 'too_long', `must have at most ${MAX_VALUE} characters`);
    return UNSEEN.test(value) ? odd(name, 'not_plain_text', 'must be visible characters in lines') : [];
  });
  if (entries.length > MAX_PROPERTIES)
    errors.push(...odd('', 'too_many', `must hold at most ${MAX_PROPERTIES}`));
  if (errors.length > 0)
    throw platformProblems.invalid_input('The properties of a line are short texts.', { errors });
}

const escaped = (name: string): string => name.replace(/~/g, '~0').replace(/\//g, '~1');

/** Only a gift card is for somebody else. */
export function refuseOddGifts(
  lines: readonly { variantId: string; giftCard?: object | null }[],
  sellable: readonly SellableVariant[],
  place: (index: number) => string,
): void {
  const cards = new Set(sellable.flatMap(({ kind, variantId }) => (kind === 'gift_card' ? variantId : [])));
  const errors = lines.flatMap(({ variantId, giftCard }, index) =>
    giftCard && !cards.has(variantId)
      ? [{ pointer: `${place(index)}/giftCard`, code: 'no_gift_card', message: 'is only for gift cards' }]
      : [],
  );
  if (errors.length > 0) throw platformProblems.invalid_input('The variant is no gift card.', { errors });
}

/** What is not for sale is not put into a cart. */
export function refuseUnsold(
  lines: readonly { variantId: string }[],
  sellable: readonly SellableVariant[],
  currency: string,
  place: (index: number) => string,
): void {
  const known = new Set(sellable.map(({ variantId }) => variantId));
  const errors = lines.flatMap(({ variantId }, index) =>
    known.has(variantId)
      ? []
      : [
          {
            pointer: `${place(index)}/variantId`,
            code: 'variant_unavailable',
            message: `is not for sale in ${currency}`,
          },
        ],
  );
  if (errors.length > 0) throw cartProblems.variant_unavailable(undefined, { errors });
}

/**
 * What can never become an order is not put into a cart; what was bought before is looked at by readiness and checkout.
 * Pieces of one variant count together, `beside` what lies there already.
 */
export function refuseBeyondLimits(
  lines: readonly { variantId: string; quantity: number }[],
  sellable: readonly SellableVariant[],
  place: (index: number) => string,
  beside: readonly { variantId: string; quantity: number }[] = [],
): void {
  const variants = new Map(sellable.map((variant) => [variant.variantId, variant]));
  const sums = new Map(
    quantitiesOf([...beside, ...lines]).map(({ variantId, quantity }) => [variantId, quantity]),
  );
  const errors = lines.flatMap(({ variantId }, index) => {
    const variant = variants.get(variantId);
    const limit = variant ? mostInOne(variant) : null;
    if (limit === null || (sums.get(variantId) ?? 0) <= limit.most) return [];
    return [
      { pointer: `${place(index)}/quantity`, code: limit.code, message: `must be at most ${limit.most}` },
    ];
  });
  if (errors.length > 0) throw cartProblems.quantity_limited(undefined, { errors });
}

/** As it lies in a cart, at the price that `variant` has now. */
export function lineOf(
  { giftCard, properties, quantity }: Omit<WantedLine, 'variantId'>,
  variant: SellableVariant,
): CartLine {
  const { variantId, productId, sku, title, unitPrice } = variant;
  return {
    id: newId(),
    variantId,
    quantity,
    productId,
    sku,
    title,
    unitAmount: unitPrice.amount,
    giftCard,
    properties,
  };
}

/** Those of the lines that are sold. */
export function toLines(lines: readonly WantedLine[], sellable: readonly SellableVariant[]): CartLine[] {
  const variants = new Map(sellable.map((variant) => [variant.variantId, variant]));
  return lines.flatMap((line) => {
    const variant = variants.get(line.variantId);
    return variant ? [lineOf(line, variant)] : [];
  });
}

/** What somebody else may wish for of it: whom it is for and what is written on it is nobody's business. */
export const plain = ({ variantId, productId, sku, title, quantity }: Wish): Wish => ({
  ...{ variantId, productId, sku, title, quantity },
  giftCard: null,
  properties: null,
});
