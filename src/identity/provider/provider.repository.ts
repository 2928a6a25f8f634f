import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';

/** What a provider calls somebody: the only thing that a link is known by. */
export interface ForeignIdentity {
  issuer: string;
  subject: string;
}

interface Link {
  id: string;
  accountId: string;
}

export interface LinkView {
  provider: string;
  linkedAt: Date;
  lastUsedAt: Date | null;
}

/** Which account opens to whom of which provider. */
@Injectable()
export class ProviderRepository {
  constructor(private readonly database: Database) {}

  async byIdentity({ issuer, subject }: ForeignIdentity): Promise<Link | null> {
    const [row] = await this.database.query<Link>(BY_IDENTITY, [issuer, subject]);
    return row ?? null;
  }

  /** False when the identity opens an account already, or the account has another of this provider. */
  async insert(
    id: string,
    accountId: string,
    provider: string,
    { issuer, subject }: ForeignIdentity,
  ): Promise<boolean> {
    return (await this.database.execute(INSERT, [id, accountId, provider, issuer, subject])) === 1;
  }

  of(accountId: string): Promise<LinkView[]> {
    return this.database.query<LinkView>(OF, [accountId]);
  }

  /** Notes a sign-in and holds the link; false when it was taken away meanwhile. */
  async touch(id: string): Promise<boolean> {
    return (await this.database.execute(TOUCH, [id])) === 1;
  }

  /** False when there is no such link. */
  async delete(accountId: string, provider: string): Promise<boolean> {
    return (await this.database.execute(DELETE, [accountId, provider])) === 1;
  }
}

const BY_IDENTITY = `
  SELECT id, account_id AS "accountId" FROM identity.provider_links WHERE issuer = $1 AND subject = $2`;
const INSERT = `
  INSERT INTO identity.provider_links (id, account_id, provider, issuer, subject) VALUES ($1, $2, $3, $4, $5)
  ON CONFLICT DO NOTHING`;
const OF = `
  SELECT provider, created_at AS "linkedAt", last_used_at AS "lastUsedAt" FROM identity.provider_links
  WHERE account_id = $1 ORDER BY provider`;
const TOUCH = 'UPDATE identity.provider_links SET last_used_at = now() WHERE id = $1';
const DELETE = 'DELETE FROM identity.provider_links WHERE account_id = $1 AND provider = $2';
