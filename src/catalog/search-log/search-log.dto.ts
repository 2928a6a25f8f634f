import { Bool, Instant, Integer, Text } from '../../platform/http/fields.js';
import { PageQuery } from '../../platform/http/page.js';

const MAX_INT = 2_147_483_647;

export class SearchQueriesQuery extends PageQuery {
  @Bool({ optional: true, description: 'Only those that found nothing, the most frequent first.' })
  withoutResults?: boolean;
}

export class SearchQueryDto {
  @Text({ max: 100, example: 'oak chair', description: 'In small letters, without accents.' })
  query: string;

  @Integer({ min: 1, max: MAX_INT, example: 42 })
  searches: number;

  @Integer({ min: 0, max: MAX_INT, example: 0 })
  withoutResults: number;

  @Instant()
  lastSeen: string;
}
