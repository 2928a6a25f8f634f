import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { newId } from '../../platform/ids.js';

export interface Declaration {
  given: boolean;
  source: string;
  textVersion: string | null;
  wording: string | null;
  /** The network that it came from, or null. */
  ipPrefix: string | null;
}

export interface DeclarationRow extends Declaration {
  at: Date;
}

/** What customers said about marketing: rows are added and never changed. */
@Injectable()
export class ConsentRepository {
  constructor(private readonly database: Database) {}

  /** The newest first, at most so many; the first one holds. */
  list(accountId: string, limit: number): Promise<DeclarationRow[]> {
    return this.database.query<DeclarationRow>(LIST, [accountId, limit]);
  }

  async append(
    accountId: string,
    { given, source, textVersion, wording, ipPrefix }: Declaration,
  ): Promise<void> {
    const values = [newId(), accountId, given, source, textVersion, wording, ipPrefix];
    await this.database.execute(APPEND, values);
  }
}

const LIST = `
  SELECT given, at, source, text_version AS "textVersion", wording, ip_prefix AS "ipPrefix"
  FROM identity.marketing_consents WHERE account_id = $1 ORDER BY at DESC, id DESC LIMIT $2`;
const APPEND = `
  INSERT INTO identity.marketing_consents (id, account_id, given, source, text_version, wording, ip_prefix)
  VALUES ($1, $2, $3, $4, $5, $6, $7)`;
