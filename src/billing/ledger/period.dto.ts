import { Instant, Integer, OneOf, Text } from '../../platform/http/fields.js';
import { MONTH } from './day.js';
import type { PeriodRow } from './period.repository.js';

export class LedgerPeriodParams {
  @Text({ ...MONTH, example: '2026-10', description: 'Year and month, at the seller.' })
  period: string;
}

export class LedgerPeriodDto {
  @Text({ ...MONTH, example: '2026-10' })
  period: string;

  @OneOf(['open', 'closed'], { example: 'closed' })
  state: string;

  @Instant({ nullable: true })
  closedAt: string | null;

  @Text({ max: 200, nullable: true, description: 'Id of the person or the key.' })
  closedBy: string | null;

  @Integer({
    min: 0,
    max: Number.MAX_SAFE_INTEGER,
    nullable: true,
    description: 'The last place of the chain at the closing: all of the month stands before it.',
  })
  position: number | null;

  @Text({
    max: 64,
    nullable: true,
    description: 'The seal of that place, in hex: keep it to prove the month later.',
  })
  seal: string | null;

  static from({ period, closedAt, closedBy, position, seal }: PeriodRow): LedgerPeriodDto {
    const state = closedAt === null ? 'open' : 'closed';
    return { period, state, closedAt: closedAt?.toISOString() ?? null, closedBy, position, seal };
  }
}
