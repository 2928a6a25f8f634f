import { Injectable } from '@nestjs/common';
import { SubjectKeys } from '../../platform/personal-data/subject-keys.js';

/** What a row of `identity.accounts` keeps sealed. */
export interface Person {
  /** NFKC, lower case. */
  email: string;
  firstName: string | null;
  lastName: string | null;
  phone: string | null;
}

/** A row with what it keeps sealed; `id` is the account's. */
export interface SealedRow {
  id: string;
  personal: Buffer;
}

/** A row and whom it is about; null when the person was erased. */
export interface Opened<R> {
  row: Omit<R, 'personal'>;
  person: Person | null;
}

/** The text that is sealed. */
export const personText = ({ email, firstName, lastName, phone }: Person): string =>
  JSON.stringify({ email, firstName, lastName, phone });

/** Where it is kept. */
export const personPlace = (accountId: string): string => `identity.accounts|personal|${accountId}`;

/** Opens and seals what accounts hold about people. */
@Injectable()
export class SealedPeople {
  constructor(private readonly keys: SubjectKeys) {}

  /** Null when the person was erased. */
  async open(row: SealedRow): Promise<Person | null> {
    const [opened] = await this.openAll([row]);
    return opened?.person ?? null;
  }

  /** The rows of a page with their people: one query more, however many they are. */
  async openAll<R extends SealedRow>(rows: readonly R[]): Promise<Opened<R>[]> {
    const sealed = rows.map(({ id, personal }) => ({
      subjectId: id,
      place: personPlace(id),
      sealed: personal,
    }));
    const texts = await this.keys.openAll(sealed);
    return rows.map(({ personal: _personal, ...row }, at) => {
      const text = texts[at] ?? null;
      return { row, person: text === null ? null : (JSON.parse(text) as Person) };
    });
  }

  seal(accountId: string, person: Person): Promise<Buffer> {
    return this.keys.seal(accountId, personPlace(accountId), personText(person));
  }
}
