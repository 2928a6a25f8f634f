import { Injectable, Logger } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { BlindIndex } from './blind-index.service.js';
import { type Opened, SealedPeople, type SealedRow } from './sealed-people.service.js';

interface IndexedRow extends SealedRow {
  kind: 'customer' | 'staff';
}

/** Accounts in one transaction. */
const BATCH = 200;

/** After a change of SECRET_KEY: what accounts are found by is made anew with the present one. */
@Injectable()
export class AccountIndexRepository {
  private readonly log = new Logger('accounts');

  constructor(
    private readonly database: Database,
    private readonly people: SealedPeople,
    private readonly index: BlindIndex,
  ) {}

  /**
   * A scheduled job calls it; any number of processes may do it at a time. Returns how many accounts it was, and says in
   * the log when none needs the former key any more.
   */
  async renew(): Promise<number> {
    if (!this.index.changes) return 0;
    let done = 0;
    for (let last: string | undefined = BEFORE_ALL; last !== undefined;) {
      const after: string = last;
      const ids: string[] = await this.database.transaction(() => this.renewSome(after));
      done += ids.length;
      last = ids.at(-1);
    }
    const [row] = await this.database.query<{ left: number }>(LEFT, [this.index.keyId]);
    if (row?.left === 0) this.log.log('no index of accounts needs SECRET_KEY_PREVIOUS any more');
    else this.log.warn(`${row?.left} accounts are found by another SECRET_KEY`);
    return done;
  }

  private async renewSome(after: string): Promise<string[]> {
    const rows = await this.database.query<IndexedRow>(HOLD, [after, this.index.keyId, BATCH]);
    await Promise.all((await this.people.openAll(rows)).map((each) => this.write(each)));
    return rows.map(({ id }) => id);
  }

  private async write({ row, person }: Opened<IndexedRow>): Promise<void> {
    // Who was erased is found by nothing that anybody could type: an id is no address.
    const indexed = person ?? { email: row.id, firstName: null, lastName: null };
    const { emailIndex, indexKey, searchTokens } = this.index.of({ ...row, ...indexed });
    await this.database.execute(RENEW, [row.id, emailIndex, indexKey, person ? searchTokens : []]);
  }
}

const BEFORE_ALL = '00000000-0000-0000-0000-000000000000';
const HOLD = `
  SELECT id, kind, personal FROM identity.accounts WHERE id > $1 AND index_key <> $2 ORDER BY id LIMIT $3
  FOR NO KEY UPDATE SKIP LOCKED`;
const RENEW = `
  UPDATE identity.accounts SET email_index = $2, index_key = $3, search_tokens = $4 WHERE id = $1`;
const LEFT = 'SELECT count(*)::int AS left FROM identity.accounts WHERE index_key <> $1';
