import type { SellableVariant } from '../../catalog/catalog.api.js';
import { type FieldError, platformProblems } from '../../platform/http/problem.js';
import {
  refuseBeyondLimits,
  refuseOddGifts,
  refuseUnsold,
  toLines,
  wantedLines,
} from '../cart/cart-lines.js';
import type { DraftLine } from './draft-order.js';
import type { DraftLineInput } from './draft-order.dto.js';

const inLines = (index: number): string => `/lines/${index}`;

/** The lines of a draft as they are kept. Refuses what is not sold, and prices that were set without a reason (422). */
export function draftLines(
  inputs: readonly DraftLineInput[],
  sellable: readonly SellableVariant[],
  currency: string,
): DraftLine[] {
  refuseUnsold(inputs, sellable, currency, inLines);
  refuseOddGifts(inputs, sellable, inLines);
  refuseBeyondLimits(inputs, sellable, inLines);
  const variants = new Map(sellable.map((variant) => [variant.variantId, variant]));
  const firsts = new Map(inputs.toReversed().map((input) => [input.variantId, input]));
  const errors = inputs.flatMap((input, index) => [
    ...faultsOf(input, variants.get(input.variantId), currency, inLines(index)),
    ...otherPrice(input, firsts.get(input.variantId) ?? input, inLines(index)),
  ]);
  if (errors.length > 0)
    throw platformProblems.invalid_input('A price that is set needs the currency and a reason.', { errors });
  return toLines(wantedLines(inputs, inLines), sellable).map((line): DraftLine => {
    const { unitPrice, reason } = firsts.get(line.variantId) ?? {};
    return unitPrice
      ? { ...line, unitAmount: BigInt(unitPrice.amount), priceReason: reason ?? null }
      : { ...line, priceReason: null };
  });
}

/** A price is one of the variant, whoever its pieces are for. */
function otherPrice({ unitPrice }: DraftLineInput, first: DraftLineInput, place: string): FieldError[] {
  if ((unitPrice?.amount ?? null) === (first.unitPrice?.amount ?? null)) return [];
  return [
    {
      pointer: `${place}/unitPrice`,
      code: 'other_price',
      message: 'must be the same on all lines of a variant',
    },
  ];
}

function faultsOf(
  { unitPrice, reason }: DraftLineInput,
  variant: SellableVariant | undefined,
  currency: string,
  place: string,
): FieldError[] {
  if (!unitPrice) return [];
  const fault = (name: string, code: string, message: string) => ({
    pointer: `${place}/${name}`,
    code,
    message,
  });
  return [
    ...((reason ?? '').trim() === ''
      ? [fault('reason', 'missing', 'is needed with a price of its own')]
      : []),
    ...(unitPrice.currency === currency
      ? []
      : [fault('unitPrice/currency', 'foreign_currency', 'must be the currency of the draft')]),
    // Its price is what is on it.
    ...(variant?.kind === 'gift_card'
      ? [fault('unitPrice', 'gift_card', 'is not for gift cards, which cost what is on them')]
      : []),
  ];
}
