import { Instant, Text, Uuid } from '../../platform/http/fields.js';

/** A reset that waits for its three days. */
export class FactorResetDto {
  @Uuid()
  id: string;

  @Text({ max: 500, example: 'Lost the telephone; called back at the known number.' })
  reason: string;

  @Uuid({ description: 'Of the staff.' })
  askedBy: string;

  @Instant()
  askedAt: string;

  @Instant({ description: 'When the second factors go, unless it is cancelled.' })
  dueAt: string;
}

export class AskFactorResetDto {
  @Text({
    min: 3,
    max: 500,
    example: 'Lost the telephone; called back at the known number.',
    description: 'How it was made sure that the owner of the account asks.',
  })
  reason: string;
}
