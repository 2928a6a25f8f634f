import { Bool, Integer, Text } from '../../platform/http/fields.js';
import { DAY } from './day.js';

const COUNT = { min: 0, max: Number.MAX_SAFE_INTEGER };

export class LedgerIntegrityDto {
  @Bool({ description: 'Whether nothing was changed, taken out or put in past the books.' })
  isWhole: boolean;

  @Integer({ ...COUNT, description: 'Sealed transactions.' })
  transactions: number;

  @Text({ max: 64, description: 'The last seal, in hex: keep it elsewhere to prove the past later.' })
  head: string;

  @Integer({ ...COUNT, nullable: true, description: 'The first place that does not fit.' })
  brokenAt: number | null;

  @Integer({ ...COUNT, description: 'Transactions whose entries do not add up to zero in each currency.' })
  unbalanced: number;

  @Integer({ ...COUNT, description: 'Days on which the head of the chain was signed.' })
  checkpoints: number;

  @Text({ ...DAY, nullable: true, description: 'The first day whose signed head is another or was forged.' })
  brokenCheckpoint: string | null;

  @Integer({ ...COUNT, description: 'Transactions that wait for their seal.' })
  unsealed: number;

  @Integer({ ...COUNT, description: 'Transactions that did not come through the books.' })
  strangers: number;

  @Integer({ ...COUNT, description: 'Sums of a day and an account that are not those of its transactions.' })
  differingDays: number;
}
