import { Instant, Integer, Text, Uuid } from '../../platform/http/fields.js';
import { PageQuery } from '../../platform/http/page.js';

const JURISDICTION = {
  max: 20,
  pattern: /^[A-Z]{2}(-[A-Z0-9]{1,10})?$/,
  patternHint: 'must be a country, or one of its regions, such as US or US-TX',
  example: 'US-TX',
} as const;
const unset = { optional: true, nullable: true } as const;

export class TaxExemptionInput {
  @Uuid({ description: 'The customer who pays no tax there.' })
  customerId: string;

  @Text({ max: 100, example: 'TX-2026-00417', description: 'Of the certificate.' })
  number: string;

  @Text({
    ...JURISDICTION,
    description: 'Where it holds: country, or country and region as addresses have it.',
  })
  jurisdiction: string;

  @Text({ max: 300, example: 'Resale' })
  reason: string;

  @Instant({ ...unset, description: 'The first moment at which it holds no more; null: for good.' })
  validUntil?: string | null;
}

export class TaxExemptionPatch {
  @Text({ max: 100, optional: true })
  number?: string;

  @Text({ ...JURISDICTION, optional: true })
  jurisdiction?: string;

  @Text({ max: 300, optional: true })
  reason?: string;

  @Instant(unset)
  validUntil?: string | null;
}

export class TaxExemptionDto extends TaxExemptionInput {
  @Uuid()
  id: string;

  @Instant()
  createdAt: string;

  @Integer({ min: 1, max: 2 ** 31 })
  version: number;
}

export class TaxExemptionParams {
  @Uuid()
  id: string;
}

export class TaxExemptionQuery extends PageQuery {
  @Uuid({ optional: true })
  customerId?: string;
}
