import { type FieldError, platformProblems } from '../../platform/http/problem.js';
import type { TaxAreaDto, TaxRateDto } from './tax.dto.js';
import { zoneProblems } from './tax.errors.js';
import {
  highestRate,
  overlapOf,
  plainPostalCode,
  plainRegion,
  STANDARD_CLASS,
  type TaxArea,
  type TaxRate,
  type TaxZone,
} from './tax-zone.js';

const MILLION = 1_000_000;

export const toRate = ({ taxClass, title, ratePpm, ...more }: TaxRateDto): TaxRate => ({
  taxClass,
  title,
  ratePpm,
  jurisdiction: more.jurisdiction ?? null,
  compound: more.compound ?? false,
  validFrom: more.validFrom ? new Date(more.validFrom).toISOString() : null,
  validUntil: more.validUntil ? new Date(more.validUntil).toISOString() : null,
});

/** As places are compared. */
export const toArea = ({ country, region, postalPrefix }: TaxAreaDto): TaxArea => ({
  country,
  region: region ? plainRegion(region, country) : null,
  postalPrefix: postalPrefix ? plainPostalCode(postalPrefix) : null,
});

/** Refuses a zone that contradicts itself, before anything is written. */
export function requireSoundZone(zone: TaxZone): void {
  refuseFaults([...areaFaults(zone.areas), ...windowFaults(zone.rates), ...fallbackFaults(zone.rates)]);
  const overlap = overlapOf(zone.rates);
  if (overlap !== null) {
    const message = `holds at the same time as /rates/${overlap.other}, of the same class and jurisdiction`;
    throw zoneProblems.tax_rates_overlap(`/rates/${overlap.index} ${message}.`, {
      errors: [{ pointer: `/rates/${overlap.index}`, code: 'overlaps', message }],
    });
  }
  const highest = highestRate(zone);
  if (highest !== null && highest.ratePpm > MILLION) {
    throw platformProblems.invalid_input('The rates of a class come to more than the price.', {
      errors: [
        {
          pointer: `/rates/${zone.rates.findIndex(({ taxClass }) => taxClass === highest.taxClass)}`,
          code: 'too_high',
          message: 'the rates of its class must come to at most 100 % together',
        },
      ],
    });
  }
}

/** Refuses a class that no product can have: a rate that is misspelt would tax nothing, in silence. */
export const refuseUnknownClasses = (
  rates: readonly { taxClass: string }[],
  known: ReadonlySet<string>,
): void =>
  refuseFaults(
    rates.flatMap(({ taxClass }, index) =>
      known.has(taxClass)
        ? []
        : [{ pointer: `/rates/${index}/taxClass`, code: 'unknown_tax_class', message: 'is not known' }],
    ),
  );

export function refuseFaults(errors: FieldError[]): void {
  const [first] = errors;
  if (first) throw platformProblems.invalid_input(`${first.pointer.slice(1)} ${first.message}.`, { errors });
}

/** Where anything is taxed, every class has a rate: its own, or that of `standard`. */
const fallbackFaults = (rates: readonly TaxRate[]): FieldError[] =>
  rates.length === 0 || rates.some(({ taxClass }) => taxClass === STANDARD_CLASS)
    ? []
    : [
        {
          pointer: '/rates',
          code: 'required',
          message: `must have one of ${STANDARD_CLASS}: classes without a rate of their own are taxed by it`,
        },
      ];

function areaFaults(areas: readonly TaxArea[]): FieldError[] {
  const seen = new Map<string, number>();
  return areas.flatMap(({ country, region, postalPrefix }, index) => {
    const pointer = `/areas/${index}`;
    if (region === null && postalPrefix === null)
      return [
        {
          pointer,
          code: 'required',
          message: 'must have a region or a postal prefix: whole countries are `countries`',
        },
      ];
    const key = JSON.stringify([country, region, postalPrefix]);
    const before = seen.get(key);
    seen.set(key, index);
    return before === undefined
      ? []
      : [{ pointer, code: 'duplicate', message: `is the same as /areas/${before}` }];
  });
}

const windowFaults = (rates: readonly TaxRate[]): FieldError[] =>
  rates.flatMap(({ validFrom, validUntil }, index) =>
    validFrom !== null && validUntil !== null && new Date(validFrom) >= new Date(validUntil)
      ? [{ pointer: `/rates/${index}/validUntil`, code: 'too_early', message: 'must be after validFrom' }]
      : [],
  );
