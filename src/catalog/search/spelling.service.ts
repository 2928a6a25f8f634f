import { Injectable } from '@nestjs/common';
import { SearchIndexRepository } from './search-index.repository.js';

const LETTERS = [...'abcdefghijklmnopqrstuvwxyz'];
/** Shorter words have too many neighbours, longer ones are left to trigrams. */
const EDITABLE = { min: 3, max: 16 };

/** Guesses what was meant by words that no product has. */
@Injectable()
export class Spelling {
  constructor(private readonly words: SearchIndexRepository) {}

  /** The query with its unknown words replaced by the likeliest known ones; null when there is no better guess. */
  async correct(q: string): Promise<string | null> {
    const words = (await this.words.wordsOf(q)).slice(0, 10);
    const looked = await this.words.wordsLike(words);
    const meant = await Promise.all(
      looked.map(async ({ word, known, alike }) => {
        if (known) return word;
        // One slip is likelier than a word that merely looks alike.
        return (await this.words.mostFrequent(oneSlipAway(word))) ?? alike ?? word;
      }),
    );
    const corrected = meant.join(' ');
    return corrected === words.join(' ') ? null : corrected;
  }
}

/** Everything one letter left out, doubled, swapped or mistyped away. */
export function oneSlipAway(word: string): string[] {
  if (word.length < EDITABLE.min || word.length > EDITABLE.max) return [];
  const splits = Array.from(
    { length: word.length + 1 },
    (_, at) => [word.slice(0, at), word.slice(at)] as const,
  );
  return [
    ...splits.map(([head, tail]) => head + tail.slice(1)),
    ...splits.map(([head, tail]) => head + tail.charAt(1) + tail.charAt(0) + tail.slice(2)),
    ...splits.flatMap(([head, tail]) =>
      tail === '' ? [] : LETTERS.map((letter) => head + letter + tail.slice(1)),
    ),
    ...splits.flatMap(([head, tail]) => LETTERS.map((letter) => head + letter + tail)),
  ];
}
