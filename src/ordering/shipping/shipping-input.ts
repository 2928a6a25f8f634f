import { type FieldError, platformProblems } from '../../platform/http/problem.js';
import { newId } from '../../platform/ids.js';
import { Money } from '../../platform/money/money.js';
import { type Area, plainCode, plainRegion } from './destination.js';
import { sidesOf } from './parcels.js';
import type { ShippingAreaInput } from './shipping.dto.js';
import type { ShippingOptionInput, ShippingTierInput } from './shipping-method.dto.js';
import { type Basis, PLAIN_METHOD, type ShippingOption } from './shipping-zone.js';

type Bound = 'upToGrams' | 'upToGoods' | 'upToMm';
const BOUNDS: readonly Bound[] = ['upToGrams', 'upToGoods', 'upToMm'];
const BOUND_OF: Readonly<Record<Basis, Bound>> = {
  weight: 'upToGrams',
  volumetric_weight: 'upToGrams',
  goods: 'upToGoods',
  size: 'upToMm',
};
/** As many characters of a postal code as its range is measured by. */
const LONGEST_CODE = 10;

/** Refuses methods and areas that mean nothing, all faults at once (400), each by where it stands. */
export function requireSense(options: ShippingOptionInput[] = [], areas: ShippingAreaInput[] = []): void {
  const errors = [
    ...options.flatMap((option, index) => faultsOfOption(option, `/options/${index}`)),
    ...areas.flatMap((area, index) => faultsOfArea(area, `/areas/${index}`)),
    ...repeated(areas),
  ];
  const [first] = errors;
  if (first) throw platformProblems.invalid_input(`${first.pointer.slice(1)} ${first.message}.`, { errors });
}

function faultsOfOption(option: ShippingOptionInput, at: string): FieldError[] {
  const { tiers, kind, by = 'weight', activeFrom, activeUntil, transitDays, carrierService } = option;
  const errors = tiers.flatMap((tier, index) => faultsOfTier(tier, by, `${at}/tiers/${index}`));
  const odd = (field: string, code: string, message: string) =>
    errors.push({ pointer: `${at}/${field}`, code, message });
  if (tiers.length === 0 && !carrierService)
    odd('tiers', 'too_few', 'must hold at least 1, unless a carrier names the price');
  if (carrierService && kind === 'pickup')
    odd('carrierService', 'not_of_this_kind', 'is only for what is delivered');
  if (activeFrom && activeUntil && new Date(activeUntil) <= new Date(activeFrom))
    odd('activeUntil', 'too_early', 'must be later than activeFrom');
  if (transitDays && transitDays.max < transitDays.min)
    odd('transitDays/max', 'too_low', 'must not be less than min');
  const both = option.exceptClasses?.findIndex((name) => option.onlyForClasses?.includes(name)) ?? -1;
  if (both >= 0) odd(`exceptClasses/${both}`, 'contradicts', 'must not be in onlyForClasses, too');
  return errors;
}

function faultsOfTier(tier: ShippingTierInput, by: Basis, at: string): FieldError[] {
  return BOUNDS.filter((bound) => bound !== BOUND_OF[by] && (tier[bound] ?? null) !== null).map((bound) => ({
    pointer: `${at}/${bound}`,
    code: 'not_of_this_kind',
    message: `must be left out of a method by ${by}, whose tiers have ${BOUND_OF[by]}`,
  }));
}

function faultsOfArea(input: ShippingAreaInput, at: string): FieldError[] {
  const { region, postalFrom, postalTo } = toArea(input);
  const errors: FieldError[] = [];
  if (region === null && postalFrom === null)
    errors.push({
      pointer: at,
      code: 'required',
      message: 'needs region or postalFrom; whole countries go into countries',
    });
  if (postalFrom === null && (input.postalFrom ?? input.postalTo ?? null) !== null)
    errors.push({ pointer: `${at}/postalFrom`, code: 'malformed', message: 'must have letters or digits' });
  if (postalFrom !== null && postalFrom.length > LONGEST_CODE)
    errors.push({
      pointer: `${at}/postalFrom`,
      code: 'too_long',
      message: `must have at most ${LONGEST_CODE} letters and digits`,
    });
  if (
    postalFrom !== null &&
    postalTo !== null &&
    (postalTo.length !== postalFrom.length || postalTo < postalFrom)
  )
    errors.push({
      pointer: `${at}/postalTo`,
      code: 'malformed',
      message: 'must be as long as postalFrom, and not before it',
    });
  return errors;
}

function repeated(areas: readonly ShippingAreaInput[]): FieldError[] {
  const seen = new Set<string>();
  return areas.map(toArea).flatMap(({ country, region, postalFrom, postalTo }, index) => {
    const name = JSON.stringify([country, plainRegion(region), postalFrom, postalTo]);
    if (!seen.has(name)) {
      seen.add(name);
      return [];
    }
    return [{ pointer: `/areas/${index}`, code: 'duplicate', message: 'stands there already' }];
  });
}

export function toArea({ country, region, postalFrom, postalTo }: ShippingAreaInput): Area {
  const from = plainCode(postalFrom ?? null) || null;
  return {
    country,
    region: region?.trim() || null,
    postalFrom: from,
    postalTo: from && (plainCode(postalTo ?? null) || from),
  };
}

/** A method as it is kept; what is not told is as plain methods have it. */
export function toOption(input: ShippingOptionInput): ShippingOption {
  const { id, title, tiers, freeOver = [], maxParcelSize, ...rest } = input;
  const told = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
  return {
    ...PLAIN_METHOD,
    ...told,
    id: id ?? newId(),
    title,
    tiers: tiers.map(({ upToGrams = null, upToGoods = null, upToMm = null, price }) => ({
      upToGrams,
      upToGoods,
      upToMm,
      price: Money.fromJSON(price),
    })),
    freeOver: freeOver.map((price) => Money.fromJSON(price)),
    maxParcelSides: maxParcelSize
      ? sidesOf(maxParcelSize.lengthMm, maxParcelSize.widthMm, maxParcelSize.heightMm)
      : null,
  };
}
