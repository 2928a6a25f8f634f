import { Instant, Integer, TextList, Uuid } from '../../platform/http/fields.js';

/** Synonyms that a store may keep: all of them together stay a table that is read in no time. */
export const MAX_SYNONYMS = 2_000;
const LONGEST = 60;
const EACH = 'Words or phrases of up to five words; case, accents and endings do not matter.';
const WORDS = { min: 1, max: 20, maxLength: LONGEST };

export class CreateSynonymDto {
  @TextList({ ...WORDS, description: EACH, example: ['sofa', 'couch', 'settee'] })
  words: string[];

  @TextList({
    ...WORDS,
    optional: true,
    nullable: true,
    example: null,
    description:
      'What a search for one of `words` finds as well, and not the other way round. Null or left out: the words stand ' +
      'for each other, and there are at least two.',
  })
  finds?: string[] | null;
}

export class UpdateSynonymDto {
  @TextList({ ...WORDS, optional: true, description: EACH })
  words?: string[];

  @TextList({
    ...WORDS,
    optional: true,
    nullable: true,
    description: 'Null: the words stand for each other.',
  })
  finds?: string[] | null;
}

export class SynonymDto {
  @Uuid()
  id: string;

  @TextList({ ...WORDS, example: ['sofa', 'couch', 'settee'] })
  words: string[];

  @TextList({ ...WORDS, nullable: true, example: null })
  finds: string[] | null;

  @Integer({ min: 1, max: 2_147_483_647, description: 'Also the ETag.' })
  version: number;

  @Instant()
  createdAt: string;

  @Instant()
  updatedAt: string;
}
