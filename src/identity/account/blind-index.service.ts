import { createHmac } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Config } from '../../platform/config.js';
import type { KeyRing } from '../../platform/personal-data/wrapped-keys.js';

/** Letters of a beginning: fewer would tell too many people apart too badly, more are not looked at. */
const SHORTEST = 2;
const LONGEST = 20;
/** Bytes of a token. Two words in ten thousand million have the same one: enough to find, too little to be sure. */
const TOKEN = 8;

interface Indexed {
  /** NFKC, lower case. */
  email: string;
  firstName: string | null;
  lastName: string | null;
}

export interface AccountIndex {
  emailIndex: Buffer;
  /** Which key the indexes are made with. */
  indexKey: string;
  searchTokens: Buffer[];
}

/**
 * Finds people whose data is sealed: HMACs of the whole address and of the beginnings of names and addresses, which tell
 * nothing to whoever does not have SECRET_KEY. During a change of it look-ups try both keys.
 */
@Injectable()
export class BlindIndex {
  private readonly emails: KeyRing;
  private readonly beginnings: KeyRing;

  constructor(config: Config) {
    this.emails = config.keyRing('email-index');
    this.beginnings = config.keyRing('search-index');
  }

  /** Which key the present indexes are made with. */
  get keyId(): string {
    return this.emails[0].id;
  }

  /** True while there is a former key, whose indexes have to be made anew. */
  get changes(): boolean {
    return this.emails.length > 1;
  }

  /** What the account of this address (NFKC, lower case) is found by; the first is what is written. */
  ofEmail(email: string): [Buffer, ...Buffer[]] {
    const [present, ...former] = this.emails.map(({ key }) => hmac(key, email));
    return [present ?? Buffer.alloc(0), ...former];
  }

  /** All that an account is found by. */
  of(account: Indexed & { kind: 'customer' | 'staff' }): AccountIndex {
    return {
      emailIndex: this.ofEmail(account.email)[0],
      indexKey: this.keyId,
      // Only customers are looked for by the beginning of what somebody remembers.
      searchTokens: account.kind === 'customer' ? this.tokensOf(account) : [],
    };
  }

  /** What somebody is found by: each beginning of each word of the names, of the address and of its domain. */
  tokensOf(person: Indexed): Buffer[] {
    const { key } = this.beginnings[0];
    return [...new Set(wordsOf(person).flatMap(beginningsOf))].map((text) => token(key, text));
  }

  /** For each key the tokens that somebody must have who is looked for by these words. */
  wanted(typed: string): Buffer[][] {
    const words = split(typed).map((word) => [...word.replace(/^@(?=.)/, '')].slice(0, LONGEST).join(''));
    return this.beginnings.map(({ key }) => words.map((word) => token(key, word)));
  }
}

const hmac = (key: Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
const token = (key: Buffer, text: string): Buffer => hmac(key, text).subarray(0, TOKEN);

const split = (text: string): string[] =>
  text
    .normalize('NFKC')
    .toLowerCase()
    .normalize('NFKC')
    .split(/\s+/)
    .filter((word) => word !== '');

/** The second half of a double name is looked for as often as its first. */
const wordsOf = ({ email, firstName, lastName }: Indexed): string[] => [
  ...split(`${firstName ?? ''} ${lastName ?? ''}`).flatMap((word) => [word, ...word.split('-').slice(1)]),
  ...split(email),
  ...split(email.slice(email.lastIndexOf('@') + 1)),
];

/** A word of one letter is its own beginning. */
function beginningsOf(word: string): string[] {
  const letters = [...word];
  const longest = Math.min(letters.length, LONGEST);
  const shortest = Math.min(SHORTEST, longest);
  return Array.from({ length: longest - shortest + 1 }, (_, more) =>
    letters.slice(0, shortest + more).join(''),
  ).filter((beginning) => beginning !== '');
}
