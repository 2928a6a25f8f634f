import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { hashOf, newSecret } from '../../platform/secret.js';

export type ChallengePurpose = 'second_factor' | 'passkey_registration' | 'passkey_assertion';

/** What came before a second factor, as sessions name it: a password, or the word of a provider. */
export type FirstMethod = 'pwd' | 'fed';

export interface Tried {
  accountId: string;
  first: FirstMethod;
  /** With this one. */
  tries: number;
  /** Until it is over anyway. */
  secondsLeft: number;
}

/** What is given out for one use within five minutes: 256 random bits, of which only the hash is kept. */
@Injectable()
export class ChallengeRepository {
  constructor(private readonly database: Database) {}

  /** `accountId`: whom alone it serves; null: whoever answers it. */
  async make(
    purpose: ChallengePurpose,
    accountId: string | null,
    first: FirstMethod = 'pwd',
  ): Promise<string> {
    const challenge = newSecret();
    await this.database.execute(MAKE, [hashOf(challenge), purpose, accountId, first]);
    return challenge;
  }

  /** Counts a try, before anybody looks whether it is right; null when there is no such challenge any more. */
  async countTry(purpose: ChallengePurpose, challenge: string): Promise<Tried | null> {
    const [row] = await this.database.query<Tried>(TRY, [hashOf(challenge), purpose]);
    return row ?? null;
  }

  /** True once. */
  async use(purpose: ChallengePurpose, challenge: string, accountId: string | null): Promise<boolean> {
    return (await this.database.execute(USE, [hashOf(challenge), purpose, accountId])) === 1;
  }

  /** Sign-ins that were begun this way go no further. */
  async cancelBegunBy(first: FirstMethod, accountId: string): Promise<void> {
    await this.database.execute(CANCEL_BEGUN, [accountId, first]);
  }

  async cancelAll(accountId: string): Promise<void> {
    await this.database.execute('DELETE FROM identity.challenges WHERE account_id = $1', [accountId]);
  }

  forgetOld(): Promise<number> {
    return this.database.execute('DELETE FROM identity.challenges WHERE expires_at < now()');
  }
}

const MAKE = `
  INSERT INTO identity.challenges (hash, purpose, account_id, first_method, expires_at)
  VALUES ($1, $2, $3, $4, now() + interval '5 minutes')`;
const TRY = `
  UPDATE identity.challenges SET tries = tries + 1 WHERE hash = $1 AND purpose = $2 AND expires_at > now()
  RETURNING account_id AS "accountId", first_method AS first, tries, ceil(extract(epoch FROM expires_at - now()))::int AS "secondsLeft"`;
const CANCEL_BEGUN = `
  DELETE FROM identity.challenges WHERE account_id = $1 AND purpose = 'second_factor' AND first_method = $2`;
const USE = `
  DELETE FROM identity.challenges
  WHERE hash = $1 AND purpose = $2 AND account_id IS NOT DISTINCT FROM $3::uuid AND expires_at > now()`;
