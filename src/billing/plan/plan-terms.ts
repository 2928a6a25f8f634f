import type { FieldError } from '../../platform/http/problem.js';
import { Money } from '../../platform/money/money.js';
import type { Interval } from '../subscription/periods.js';
import { parseQuantity, wrongTier } from '../subscription/usage-pricing.js';
import { namesBuyer, type PlanTerms, type PlanVersion, taxIn } from './plan.js';
import type { PlanTermsDto } from './plan-terms.dto.js';

type Terms = Pick<
  PlanVersion,
  'interval' | 'trialDays' | 'pricesIncludeTax' | 'prices' | 'taxes' | 'components'
>;

/** Three years: nobody pays for more at once. */
const MOST_OF: Record<Interval['unit'], number> = { day: 1095, week: 156, month: 36, year: 3 };

/** Terms as they are kept: all that was left out is said. */
export function termsOf(input: PlanTermsDto): Terms {
  const nothing = (currency: string) => Money.zero(currency).toJSON();
  return {
    interval: { unit: input.interval.unit, count: input.interval.count },
    trialDays: input.trialDays ?? 0,
    pricesIncludeTax: input.pricesIncludeTax ?? false,
    prices: input.prices.map(({ amount, setupFee }) => ({
      amount: { ...amount },
      setupFee: setupFee ? { ...setupFee } : nothing(amount.currency),
    })),
    taxes: input.taxes.map((tax) => ({ ...tax, reason: tax.reason ?? null })),
    components: (input.components ?? []).map(({ tiers, included = '0', ...component }) => ({
      ...component,
      included,
      tiers: tiers.map(({ upTo = null, price, per = '1', flat }) => ({
        ...{ upTo, price: { ...price }, per },
        flat: flat ? { ...flat } : nothing(price.currency),
      })),
    })),
  };
}

/**
 * The versions that somebody may still have whose next period is billed by further terms, the newest first: whoever had one before the
 * last that was for all goes over to that, at the latest on the way. None are left out that wait for their time.
 */
export function stillHad<Version extends Pick<PlanVersion, 'appliesTo'>>(
  versions: readonly Version[],
): Version[] {
  const last = versions.findIndex(({ appliesTo }) => appliesTo === 'all');
  return last < 0 ? [...versions] : versions.slice(0, last + 1);
}

/**
 * What cannot be sold so. `place` is the JSON Pointer of the terms. `before`: the versions that somebody may still have, the newest
 * first. Their subscribers go over to terms that are for `all`: to the same interval, and with a price and a tax for each of them.
 */
export function faultsOfTerms(
  terms: Terms,
  place: string,
  before: { versions: readonly PlanTerms[]; forAll: boolean } | null = null,
): FieldError[] {
  const { prices, taxes, components, interval, pricesIncludeTax } = terms;
  const faults: FieldError[] = [];
  const fault = (path: string, code: string, message: string) =>
    faults.push({ pointer: `${place}/${path}`, code, message });
  if (interval.count > MOST_OF[interval.unit])
    fault(
      'interval/count',
      'too_long',
      `must be at most ${MOST_OF[interval.unit]} ${interval.unit}s, which is three years`,
    );
  const currencies = prices.map(({ amount }) => amount.currency);
  prices.forEach(({ amount, setupFee }, at) => {
    if (currencies.indexOf(amount.currency) !== at)
      fault(`prices/${at}/amount/currency`, 'duplicate', 'must be there once');
    if (setupFee.currency !== amount.currency)
      fault(`prices/${at}/setupFee/currency`, 'foreign_currency', `must be ${amount.currency}`);
  });
  const countries = taxes.flatMap((tax) => tax.countries);
  taxes.forEach(({ category, ratePpm, reason, countries: own }, at) => {
    if (own.length === 0) fault(`taxes/${at}/countries`, 'too_few', 'must hold a country, or *');
    if (own.some((country) => countries.indexOf(country) !== countries.lastIndexOf(country)))
      fault(`taxes/${at}/countries`, 'duplicate', 'must hold no country that stands elsewhere');
    if ((category === 'S') !== ratePpm > 0)
      fault(`taxes/${at}/ratePpm`, 'rate', 'must be above zero where the category is S, and nowhere else');
    if ((category === 'S' || category === 'Z') !== (reason === null))
      fault(`taxes/${at}/reason`, 'reason', 'must say why nothing is charged, and nothing where it is');
  });
  components.forEach(({ tiers }, at) => {
    for (const currency of new Set(currencies)) {
      const own = tiers.filter(({ price }) => price.currency === currency);
      if (wrongTier(own.map(({ upTo }) => ({ upTo: upTo === null ? null : parseQuantity(upTo) }))) !== null)
        fault(
          `components/${at}/tiers`,
          'order',
          `must rise in ${currency}, and the last one alone has no end`,
        );
    }
    tiers.forEach(({ price, flat, per }, tier) => {
      if (!currencies.includes(price.currency))
        fault(`components/${at}/tiers/${tier}/price/currency`, 'unknown', 'must be a currency of the plan');
      if (flat.currency !== price.currency)
        fault(
          `components/${at}/tiers/${tier}/flat/currency`,
          'foreign_currency',
          `must be ${price.currency}`,
        );
      if (parseQuantity(per) === 0n)
        fault(`components/${at}/tiers/${tier}/per`, 'too_low', 'must be above zero');
    });
  });
  if (before === null) return faults;
  const { versions, forAll } = before;
  if (versions.some((version) => version.pricesIncludeTax !== pricesIncludeTax))
    fault('pricesIncludeTax', 'fixed', 'must be as in the version before');
  if (!forAll) return faults;
  const other = versions.find(
    ({ interval: { unit, count } }) => unit !== interval.unit || count !== interval.count,
  );
  if (other)
    fault(
      'interval',
      'fixed',
      `must be that of version ${other.number}, where it is for all who may have that`,
    );
  for (const currency of new Set(
    versions.flatMap(({ prices: own }) => own.map(({ amount }) => amount.currency)),
  ))
    if (!currencies.includes(currency))
      fault('prices', 'missing', `must have ${currency}, in which there may be subscribers`);
  for (const country of new Set(versions.flatMap(({ taxes: own }) => own.flatMap((tax) => tax.countries))))
    if (!countries.includes(country) && !countries.includes('*'))
      fault('taxes', 'missing', `must have ${country}, where there may be subscribers`);
  // Who was taxed so far has sent no VAT id, and nobody asks for one at a renewal.
  taxes.forEach((tax, at) => {
    const isAsked = (version: PlanTerms) =>
      tax.countries.every((country) => namesBuyer(taxIn(version, { country, reverseCharge: false }) ?? tax));
    if (namesBuyer(tax) && !versions.every(isAsked))
      fault(`taxes/${at}/category`, 'needs_vat_id', 'must need no VAT id of subscribers who may have none');
  });
  return faults;
}
