import { CurrencyCode, Text } from '../../platform/http/fields.js';
import { DAY, MONTH } from '../ledger/day.js';

export class EntriesQuery {
  @Text({ ...DAY, example: '2026-10-01', description: 'First day of booking.' })
  from: string;

  @Text({ ...DAY, example: '2026-10-31', description: 'Last day of booking, included.' })
  to: string;

  @CurrencyCode({ optional: true })
  currency?: string;

  @Text({
    max: 60,
    optional: true,
    example: 'Europe/Berlin',
    description: 'IANA time zone of `effectiveAt`; left out: that of the seller.',
  })
  timeZone?: string;
}

export class BatchQuery {
  @Text({ ...MONTH, example: '2026-10', description: 'A month of the books.' })
  period: string;

  @CurrencyCode({ description: 'A batch has one currency.' })
  currency: string;
}
