import { Instant, Nested, OneOf, Text } from '../../platform/http/fields.js';
import { FOREIGN_PRICES, ROUNDINGS, SHIPPING_TAXES } from './tax-settings.js';
import { TAX_RULES, TAX_SOURCES, type Taxation, TREATMENTS } from './tax-rules.js';
import { VAT_STATUSES } from '../../platform/vat/vat-id.js';

/** How a VAT id is taken. */
export function VatId(options: { description: string }) {
  return Text({ max: 20, optional: true, nullable: true, example: 'ATU13585627', ...options });
}

export class VatCheckDto {
  @OneOf(VAT_STATUSES, {
    description:
      '`valid` and `invalid` as the register says; `unverified`: form and check digits are right, and nobody could be asked.',
  })
  status: string;

  @OneOf(['register', 'format'])
  source: string;

  @Instant()
  checkedAt: string;

  @Text({ max: 100, nullable: true, description: 'What the register calls this consultation.' })
  consultation: string | null;
}

export class TaxExemptionReasonDto {
  @OneOf(['group', 'certificate'])
  kind: string;

  @Text({ max: 60, nullable: true, description: 'The customer group that pays no tax.' })
  group: string | null;

  @Text({ max: 100, nullable: true, description: 'Of the certificate; null when it was erased.' })
  number: string | null;

  @Text({ max: 20, nullable: true, example: 'US-TX' })
  jurisdiction: string | null;

  @Text({ max: 300, nullable: true })
  reason: string | null;
}

export class TaxationDto {
  @OneOf(TREATMENTS, {
    description:
      '`reverse_charge`: a business with a VAT id in another country of the EU accounts for the tax itself; `exempt`: by group or ' +
      'certificate; `export`: it leaves the territory of the tax. In all three the buyer pays exactly the net.',
  })
  treatment: string;

  @OneOf(TAX_RULES, { description: 'Which rule has chosen the tax zone.' })
  rule: string;

  @Text({ max: 100, description: 'The tax zone; `none` where there is none.' })
  zone: string;

  @Text({ max: 300, nullable: true, description: 'To be printed on what the buyer gets; null: nothing.' })
  note: string | null;

  @Text({ max: 20, nullable: true })
  vatId: string | null;

  @Nested(() => VatCheckDto, { nullable: true })
  vatCheck: VatCheckDto | null;

  @Nested(() => TaxExemptionReasonDto, { nullable: true })
  exemption: TaxExemptionReasonDto | null;

  @OneOf(TAX_SOURCES, {
    description:
      'Who has said the amounts: the zones of the shop, the tax provider, or (`fallback`) the zones because the provider did not answer.',
  })
  source: string;
}

/** In an explanation: the settings that the amounts follow, too. */
export class ExplainedTaxationDto extends TaxationDto {
  @Text({ max: 500, example: 'Consumers elsewhere in the EU pay the rates of their own country.' })
  why: string;

  @OneOf(FOREIGN_PRICES)
  foreignPrices: string;

  @OneOf(SHIPPING_TAXES)
  shippingTax: string;

  @OneOf(ROUNDINGS, { description: 'Rounded half away from zero, once for each of these.' })
  rounding: string;
}

/** As the contract has it. Orders from before there was a choice were taxed by the zone of their address. */
export function taxationView(taxation: Taxation | null, zone: string): TaxationDto {
  const { treatment, rule, note, vatId, vatCheck, source } = taxation ?? BY_ADDRESS;
  const given = taxation?.exemption ?? null;
  const nothing = { group: null, number: null, jurisdiction: null, reason: null };
  const exemption =
    given &&
    (given.kind === 'group'
      ? { ...nothing, kind: given.kind, group: given.group }
      : {
          ...nothing,
          kind: given.kind,
          number: given.number,
          jurisdiction: given.jurisdiction,
          reason: given.reason,
        });
  return { treatment, rule, zone, note, vatId, vatCheck, exemption, source };
}

export const explainedTaxation = (taxation: Taxation): ExplainedTaxationDto => ({
  ...taxationView(taxation, taxation.zone),
  why: [WHY_ZONE[taxation.rule], WHY_TREATMENT[taxation.treatment]].filter(Boolean).join(' '),
  foreignPrices: taxation.foreignPrices,
  shippingTax: taxation.shippingTax,
  rounding: taxation.rounding,
});

const BY_ADDRESS = {
  treatment: 'taxed',
  rule: 'destination',
  note: null,
  vatId: null,
  vatCheck: null,
  source: 'zones',
} as const;

const WHY_ZONE: Record<Taxation['rule'], string> = {
  no_address: 'There is no address yet: the default zone is an estimate.',
  destination: 'The address decides: the shop has set no origin.',
  domestic_origin: 'Within the country of the shop, its own rates.',
  domestic_destination: 'Within the country of the shop, the rates of the address.',
  union_origin: 'Consumers elsewhere in the EU pay the rates of the shop, below the threshold.',
  union_destination: 'Consumers elsewhere in the EU pay the rates of their own country.',
  registered_abroad: 'The shop has rates for the country of the address.',
  export: 'The goods leave the territory of the tax.',
};
const WHY_TREATMENT: Record<Taxation['treatment'], string> = {
  taxed: '',
  reverse_charge: 'A business with a valid VAT id elsewhere in the EU accounts for the tax itself.',
  exempt: 'The buyer is exempt.',
  export: 'No tax is charged.',
};
