import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { SubjectKeys } from '../../platform/personal-data/subject-keys.js';
import { hashOf, newSecret } from '../../platform/secret.js';

export type LinkPurpose = 'verify_email' | 'reset_password' | 'invitation' | 'change_email';

const LIFETIMES: Record<LinkPurpose, string> = {
  verify_email: '24 hours',
  reset_password: '30 minutes',
  invitation: '72 hours',
  change_email: '1 hour',
};

interface Link {
  accountId: string;
  email: string;
}

interface LinkRow {
  hash: Buffer;
  accountId: string;
  /** The address that the link was mailed to. */
  sealed: Buffer;
}

/** Links that work once: 256 random bits of which only the hash is kept; a new one cancels the older. */
@Injectable()
export class LinkRepository {
  constructor(
    private readonly database: Database,
    private readonly keys: SubjectKeys,
  ) {}

  async make(purpose: LinkPurpose, accountId: string, email: string): Promise<{ token: string; id: string }> {
    const token = newSecret();
    const hash = hashOf(token);
    const sealed = await this.keys.seal(accountId, linkPlace(hash), email);
    await this.database.execute(MAKE, [hash, purpose, accountId, sealed, LIFETIMES[purpose]]);
    return { token, id: hash.toString('hex') };
  }

  /** The account and address that the link was made for, as long as it works; it stays unused. */
  async find(purposes: LinkPurpose[], token: string): Promise<Link | null> {
    return this.open(await this.database.query<LinkRow>(FIND, [hashOf(token), purposes]));
  }

  /**
   * The account and address that the link was made for, once; null ever after. In a transaction that holds the account's
   * row (see `find`): whoever changes an account holds it first, and then cancels its links.
   */
  async use(purposes: LinkPurpose[], token: string): Promise<Link | null> {
    return this.open(await this.database.query<LinkRow>(USE, [hashOf(token), purposes]));
  }

  /** Dead ones are kept for a week, for whoever asks why a link did not work. */
  forgetOld(): Promise<number> {
    return this.database.execute(
      `DELETE FROM identity.one_time_links WHERE expires_at < now() - interval '7 days'`,
    );
  }

  async cancelAll(accountId: string): Promise<void> {
    await this.database.execute(
      'UPDATE identity.one_time_links SET used_at = now() WHERE account_id = $1 AND used_at IS NULL',
      [accountId],
    );
  }

  private async open([row]: LinkRow[]): Promise<Link | null> {
    const email = row && (await this.keys.open(row.accountId, linkPlace(row.hash), row.sealed));
    return row && email ? { accountId: row.accountId, email } : null;
  }
}

/** Where the address of a link is kept. */
export const linkPlace = (hash: Buffer): string => `identity.one_time_links|email|${hash.toString('hex')}`;

const MAKE = `
  WITH older AS (
    UPDATE identity.one_time_links SET used_at = now() WHERE account_id = $3 AND purpose = $2 AND used_at IS NULL
  )
  INSERT INTO identity.one_time_links (hash, purpose, account_id, email, expires_at) VALUES ($1, $2, $3, $4, now() + $5::interval)`;
const WORKS = 'hash = $1 AND purpose = ANY ($2::text[]) AND used_at IS NULL AND expires_at > now()';
const FIND = `SELECT hash, account_id AS "accountId", email AS sealed FROM identity.one_time_links WHERE ${WORKS}`;
const USE = `
  UPDATE identity.one_time_links SET used_at = now() WHERE ${WORKS} RETURNING hash, account_id AS "accountId", email AS sealed`;
