import { applyDecorators, Injectable, SetMetadata } from '@nestjs/common';

export const PERSONAL_DATA = 'guildhall:personal-data';

/** The person whom it is about. */
export interface Subject {
  /** Null: somebody who never had an account. */
  customerId: string | null;
  /** As accounts keep it (NFKC, lower case); null when nobody knows it any more. */
  email: string | null;
}

/** Some of what a module knows, small enough to be held in memory; a section may come in many pages, one after the other. */
export interface PersonalDataPage {
  section: string;
  rows: unknown[];
}

/** What a module knows about people: it hands it out and it erases it. One class per module, with `@PersonalData()`. */
export interface PersonalDataProvider {
  /** The module. */
  readonly name: string;
  /** Whose turn it is in an erasure, the lowest first. Whoever holds what the others go by comes last. */
  readonly turn: number;
  /** Everything that is kept about the person, for the person. Outside of a transaction. */
  collect(subject: Subject): AsyncIterable<PersonalDataPage>;
  /** Why it cannot be erased yet, in sentences that the person may read; none: it can. */
  hindrances(subject: Subject): Promise<string[]>;
  /** In the caller's transaction: afterwards nothing here tells who it was. Repeating it does nothing. */
  erase(subject: Subject): Promise<void>;
}

/** Marks the one class of a module that implements `PersonalDataProvider`. */
export const PersonalData = () => applyDecorators(Injectable(), SetMetadata(PERSONAL_DATA, true));

const PAGE = 100;

/**
 * Pages of one section. `read` gets the last row of the page before, null at first, and how many rows to answer. A
 * section without rows is told as well, so that the reader sees that there is nothing.
 */
export async function* pagesOf<R>(
  section: string,
  read: (after: R | null, limit: number) => Promise<R[]>,
): AsyncGenerator<PersonalDataPage> {
  for (let after: R | null = null, more = true; more;) {
    const rows: R[] = await read(after, PAGE);
    yield { section, rows };
    after = rows.at(-1) ?? null;
    more = rows.length === PAGE;
  }
}
