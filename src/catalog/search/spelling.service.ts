import { Injectable } from '@nestjs/common';
import { SearchIndexRepository } from './search-index.repository.js';

const LETTERS = [...'abcdefghijklmnopqrstuvwxyz'];
/** Shorter words have too many neighbours, longer ones are left to trigrams. */
const EDITABLE = { min: 3, max: 16 };

/** From this length on two slips leave enough of a word to know it by. */
const TWO_SLIPS = 8;

/** Words of a query that are guessed at, which takes long: one that has more of them is no typing error. */
const GUESSED = 3;

/** What was meant by a query with a word that no product has. */
export interface Guess {
  /** The query with words instead of typing errors; null when there are none. */
  corrected: string | null;
  /** Whole words that its last word is the beginning of. */
  endings: string[];
}

/** Guesses what was meant by words that no product has. */
@Injectable()
export class Spelling {
  constructor(private readonly words: SearchIndexRepository) {}

  /** The query with its unknown words replaced by the likeliest known ones; null when there is no better guess. */
  async guess(q: string, locales: readonly string[]): Promise<Guess | null> {
    const words = (await this.words.wordsOf(q)).slice(0, 10);
    const looked = await this.words.knownOf(words, locales);
    const last = looked.at(-1);
    // Shoppers type from the left: a last word that others begin with is half a word and no slip.
    const endings = last && !last.known ? await this.words.endingsOf(last.word) : [];
    const odd = looked.filter(({ known }, at) => !known && (endings.length === 0 || at < looked.length - 1));
    const guessed = new Set(odd.slice(0, GUESSED));
    const meant = await Promise.all(
      looked.map(async (one) => (guessed.has(one) ? await this.likeliest(one.word) : one.word)),
    );
    const corrected = meant.join(' ') === words.join(' ') ? null : meant.join(' ');
    return corrected === null && endings.length === 0 ? null : { corrected, endings };
  }

  /** Slips are likelier than a word that merely looks alike, which is also what costs most to find. */
  private async likeliest(word: string): Promise<string> {
    return (
      (await this.words.mostFrequent(oneSlipAway(word))) ??
      (await this.twoSlipsAway(word)) ??
      (await this.words.mostAlike(word)) ??
      word
    );
  }

  private async twoSlipsAway(word: string): Promise<string | null> {
    if (word.length < TWO_SLIPS || word.length > EDITABLE.max) return null;
    const near = (await this.words.wordsOfShape(word)).filter((known) => slipsBetween(word, known, 2) <= 2);
    return near.length === 0 ? null : this.words.mostFrequent(near);
  }
}

/**
 * How many letters are left out, put in, mistyped or swapped with their neighbour between two words; of more than `most`
 * only that they are more.
 */
export function slipsBetween(a: string, b: string, most = Infinity): number {
  // Rows of the table of Damerau and Levenshtein: the last two are all that the next one needs.
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row[j] = Math.min(
        (last[j] ?? 0) + 1,
        (row[j - 1] ?? 0) + 1,
        (last[j - 1] ?? 0) + same,
        swapped ? (before[j - 2] ?? 0) + 1 : Infinity,
      );
    }
    // No row has less than the one above it at its best.
    if (Math.min(...row) > most) return most + 1;
    [before, last] = [last, row];
  }
  return last[b.length] ?? 0;
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
