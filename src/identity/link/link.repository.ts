import { createHash, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';

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

/** Links that work once: 256 random bits of which only the hash is kept; a new one cancels the older. */
@Injectable()
export class LinkRepository {
  constructor(private readonly database: Database) {}

  async make(purpose: LinkPurpose, accountId: string, email: string): Promise<{ token: string; id: string }> {
    const token = randomBytes(32).toString('base64url');
    const hash = hashOf(token);
    await this.database.execute(MAKE, [hash, purpose, accountId, email, LIFETIMES[purpose]]);
    return { token, id: hash.toString('hex') };
  }

  /** The account and address that the link was made for, as long as it works; it stays unused. */
  async find(purposes: LinkPurpose[], token: string): Promise<Link | null> {
    const [row] = await this.database.query<Link>(FIND, [hashOf(token), purposes]);
    return row ?? null;
  }

  /** The account and address that the link was made for, once; null ever after. */
  async use(purposes: LinkPurpose[], token: string): Promise<Link | null> {
    const [row] = await this.database.query<Link>(USE, [hashOf(token), purposes]);
    return row ?? null;
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
}

const hashOf = (token: string): Buffer => createHash('sha256').update(token).digest();

const MAKE = `
  WITH older AS (
    UPDATE identity.one_time_links SET used_at = now() WHERE account_id = $3 AND purpose = $2 AND used_at IS NULL
  )
  INSERT INTO identity.one_time_links (hash, purpose, account_id, email, expires_at) VALUES ($1, $2, $3, $4, now() + $5::interval)`;
const WORKS = 'hash = $1 AND purpose = ANY ($2::text[]) AND used_at IS NULL AND expires_at > now()';
const FIND = `SELECT account_id AS "accountId", email FROM identity.one_time_links WHERE ${WORKS}`;
const USE = `
  UPDATE identity.one_time_links SET used_at = now() WHERE ${WORKS} RETURNING account_id AS "accountId", email`;
