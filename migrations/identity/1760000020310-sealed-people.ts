import type { MigrationInterface, QueryRunner } from 'typeorm';
import { BlindIndex } from '../../src/identity/account/blind-index.service.js';
import { type Person, personPlace, personText } from '../../src/identity/account/sealed-people.service.js';
import { addressPlace } from '../../src/identity/address/address-book.repository.js';
import { linkPlace } from '../../src/identity/link/link.repository.js';
import { type Config, loadConfig } from '../../src/platform/config.js';
import { type Ask, makeKeys, readKeys, WRAPPING } from '../../src/platform/personal-data/wrapped-keys.js';
import { seal, unseal } from '../../src/platform/sealed.js';

interface AccountRow extends Person {
  id: string;
  kind: 'customer' | 'staff';
}
interface SealedRow {
  id: string;
  subjectId: string;
  sealed: Buffer;
}
interface LinkRow {
  hash: Buffer;
  accountId: string;
  email: string;
}
type AddressRow = Record<string, string | null> & { id: string; accountId: string };

const BATCH = 500;
const ADDRESS_FIELDS = 'first_name, last_name, company, line1, line2, city, postal_code, region, phone';
const ADDRESS_JSON = `id, account_id AS "accountId", first_name AS "firstName", last_name AS "lastName", company, line1, line2,
  city, postal_code AS "postalCode", region, phone`;

/**
 * What identity knows of people is sealed with a key for each of them, and found by blind indexes. Plain stay: the
 * country of an address; language, times and states; the network prefix and the browser of sessions and consents, what
 * a provider calls somebody, and the names that people give their passkeys. They name nobody by themselves, and go by
 * cascade with the row of the account. What was plain is written over with null, because a dropped column stays in the
 * rows; the versions of before go with the next VACUUM.
 */
export class IdentitySealedPeople1760000020310 implements MigrationInterface {
  readonly name = 'IdentitySealedPeople1760000020310';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      ALTER TABLE identity.accounts
        ADD COLUMN personal bytea,
        -- HMAC of the address, and which key of SECRET_KEY this and the tokens are made with.
        ADD COLUMN email_index bytea,
        ADD COLUMN index_key text,
        -- HMACs, cut to eight bytes, of the beginnings of what a customer is looked for by.
        ADD COLUMN search_tokens bytea[] NOT NULL DEFAULT '{}',
        ALTER COLUMN email DROP NOT NULL;
      ALTER TABLE identity.addresses ADD COLUMN personal bytea,
        ALTER COLUMN first_name DROP NOT NULL, ALTER COLUMN last_name DROP NOT NULL, ALTER COLUMN line1 DROP NOT NULL,
        ALTER COLUMN city DROP NOT NULL;
      ALTER TABLE identity.one_time_links ADD COLUMN sealed bytea, ALTER COLUMN email DROP NOT NULL;
    `);
    await new Sealer(queryRunner).close();
    await queryRunner.query(`
      ALTER TABLE identity.accounts DROP COLUMN email, DROP COLUMN first_name, DROP COLUMN last_name, DROP COLUMN phone,
        ALTER COLUMN personal SET NOT NULL, ALTER COLUMN email_index SET NOT NULL, ALTER COLUMN index_key SET NOT NULL,
        ADD CONSTRAINT accounts_email_key UNIQUE (email_index);
      CREATE INDEX customers_search ON identity.accounts USING gin (search_tokens) WHERE kind = 'customer';
      ALTER TABLE identity.addresses ${ADDRESS_FIELDS.replace(/\w+/g, 'DROP COLUMN $&')}, ALTER COLUMN personal SET NOT NULL;
      ALTER TABLE identity.one_time_links DROP COLUMN email;
      ALTER TABLE identity.one_time_links RENAME COLUMN sealed TO email;
      ALTER TABLE identity.one_time_links ALTER COLUMN email SET NOT NULL;
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      ALTER TABLE identity.one_time_links RENAME COLUMN email TO sealed;
      ALTER TABLE identity.one_time_links ADD COLUMN email text;
      ALTER TABLE identity.addresses ${ADDRESS_FIELDS.replace(/\w+/g, 'ADD COLUMN $& text')};
      DROP INDEX identity.customers_search;
      ALTER TABLE identity.accounts DROP CONSTRAINT accounts_email_key, ADD COLUMN email text,
        ADD COLUMN first_name text, ADD COLUMN last_name text, ADD COLUMN phone text;
    `);
    await new Sealer(queryRunner).open();
    await queryRunner.query(`
      -- Who was erased has nothing to go back to.
      DELETE FROM identity.accounts WHERE email IS NULL;
      DELETE FROM identity.one_time_links WHERE email IS NULL;
      SET CONSTRAINTS ALL IMMEDIATE;
      ALTER TABLE identity.accounts DROP COLUMN personal, DROP COLUMN email_index, DROP COLUMN index_key,
        DROP COLUMN search_tokens, ALTER COLUMN email SET NOT NULL, ADD CONSTRAINT accounts_email_key UNIQUE (email);
      CREATE INDEX customers_email ON identity.accounts ((email COLLATE "C"), id) WHERE kind = 'customer';
      CREATE INDEX customers_first_name ON identity.accounts ((lower(first_name) COLLATE "C")) WHERE kind = 'customer';
      CREATE INDEX customers_last_name ON identity.accounts ((lower(last_name) COLLATE "C")) WHERE kind = 'customer';
      ALTER TABLE identity.addresses DROP COLUMN personal, ALTER COLUMN first_name SET NOT NULL,
        ALTER COLUMN last_name SET NOT NULL, ALTER COLUMN line1 SET NOT NULL, ALTER COLUMN city SET NOT NULL;
      ALTER TABLE identity.one_time_links DROP COLUMN sealed, ALTER COLUMN email SET NOT NULL;
    `);
  }
}

/** Row by row, in batches. The settings are read when there is a row: a new store has no key yet. */
class Sealer {
  private config: Config | undefined;
  private readonly ask: Ask;

  constructor(queryRunner: QueryRunner) {
    this.ask = async (sql, values) => {
      const answer: unknown = await queryRunner.query(sql, values);
      // TypeORM answers an UPDATE with its rows and their number.
      return (Array.isArray(answer) ? answer : []) as never;
    };
  }

  async close(): Promise<void> {
    await this.inBatches<AccountRow>(
      `SELECT id, kind, email, first_name AS "firstName", last_name AS "lastName", phone FROM identity.accounts
       WHERE personal IS NULL ORDER BY id LIMIT ${BATCH}`,
      async (rows, config) => {
        const keys = await this.keysFor(rows.map(({ id }) => id));
        const index = new BlindIndex(config);
        for (const row of rows) {
          const { emailIndex, indexKey, searchTokens } = index.of(row);
          const sealed = seal(keyOf(keys, row.id), personText(row), personPlace(row.id));
          await this.ask(
            `UPDATE identity.accounts SET personal = $2, email_index = $3, index_key = $4, search_tokens = $5, email = NULL,
               first_name = NULL, last_name = NULL, phone = NULL WHERE id = $1`,
            [row.id, sealed, emailIndex, indexKey, searchTokens],
          );
        }
      },
    );
    await this.inBatches<AddressRow>(
      `SELECT ${ADDRESS_JSON} FROM identity.addresses WHERE personal IS NULL ORDER BY id LIMIT ${BATCH}`,
      async (rows) => {
        const keys = await this.keysFor(rows.map(({ accountId }) => accountId));
        for (const { id, accountId, ...address } of rows) {
          const sealed = seal(keyOf(keys, accountId), JSON.stringify(address), addressPlace(id));
          await this.ask(
            `UPDATE identity.addresses SET personal = $2, ${ADDRESS_FIELDS.replace(/\w+/g, '$& = NULL')} WHERE id = $1`,
            [id, sealed],
          );
        }
      },
    );
    await this.inBatches<LinkRow>(
      `SELECT hash, account_id AS "accountId", email FROM identity.one_time_links WHERE sealed IS NULL LIMIT ${BATCH}`,
      async (rows) => {
        const keys = await this.keysFor(rows.map(({ accountId }) => accountId));
        for (const { hash, accountId, email } of rows)
          await this.ask('UPDATE identity.one_time_links SET sealed = $2, email = NULL WHERE hash = $1', [
            hash,
            seal(keyOf(keys, accountId), email, linkPlace(hash)),
          ]);
      },
    );
  }

  async open(): Promise<void> {
    await this.reopen(
      'SELECT id, id AS "subjectId", personal AS sealed FROM identity.accounts WHERE id > $1 ORDER BY id LIMIT $2',
      personPlace,
      `UPDATE identity.accounts SET email = p.email, first_name = p."firstName", last_name = p."lastName", phone = p.phone
       FROM jsonb_to_record($2) AS p (email text, "firstName" text, "lastName" text, phone text) WHERE id = $1`,
    );
    await this.reopen(
      `SELECT id, account_id AS "subjectId", personal AS sealed FROM identity.addresses
       WHERE id > $1 ORDER BY id LIMIT $2`,
      addressPlace,
      `UPDATE identity.addresses SET first_name = p."firstName", last_name = p."lastName", company = p.company,
         line1 = p.line1, line2 = p.line2, city = p.city, postal_code = p."postalCode", region = p.region, phone = p.phone
       FROM jsonb_to_record($2) AS p ("firstName" text, "lastName" text, company text, line1 text, line2 text, city text,
         "postalCode" text, region text, phone text) WHERE id = $1`,
    );
    for (let hash: Buffer | undefined = Buffer.alloc(0); hash !== undefined;) {
      const links: { hash: Buffer; subjectId: string; sealed: Buffer }[] = await this.ask(
        `SELECT hash, account_id AS "subjectId", sealed FROM identity.one_time_links
         WHERE hash > $1 ORDER BY hash LIMIT $2`,
        [hash, BATCH],
      );
      const keys = await this.livingKeys(links);
      for (const { hash: found, subjectId, sealed } of links) {
        const key = keys.get(subjectId);
        const email = key && unseal(key, sealed, linkPlace(found));
        if (email)
          await this.ask('UPDATE identity.one_time_links SET email = $2 WHERE hash = $1', [found, email]);
      }
      hash = links.at(-1)?.hash;
    }
  }

  private async inBatches<R>(
    select: string,
    write: (rows: R[], config: Config) => Promise<void>,
  ): Promise<void> {
    for (;;) {
      const rows = (await this.ask(select, [])) as R[];
      if (rows.length === 0) return;
      await write(rows, this.settings());
    }
  }

  private async reopen(select: string, placeOf: (id: string) => string, update: string): Promise<void> {
    for (let id: string | undefined = '00000000-0000-0000-0000-000000000000'; id !== undefined;) {
      const rows: SealedRow[] = await this.ask<SealedRow>(select, [id, BATCH]);
      const keys = await this.livingKeys(rows);
      for (const row of rows) {
        const key = keys.get(row.subjectId);
        if (key) await this.ask(update, [row.id, unseal(key, row.sealed, placeOf(row.id))]);
      }
      id = rows.at(-1)?.id;
    }
  }

  private async keysFor(ids: string[]): Promise<Map<string, Buffer | null>> {
    await makeKeys(this.ask, this.settings().keyRing(WRAPPING), [...new Set(ids)]);
    return readKeys(this.ask, this.settings().keyRing(WRAPPING), ids);
  }

  private async livingKeys(rows: { subjectId: string }[]): Promise<Map<string, Buffer | null>> {
    if (rows.length === 0) return new Map();
    const ids = rows.map(({ subjectId }) => subjectId);
    return readKeys(this.ask, this.settings().keyRing(WRAPPING), ids);
  }

  private settings(): Config {
    return (this.config ??= loadConfig());
  }
}

/** Subjects of accounts that were there before keys were, so each of them has one now. */
function keyOf(keys: Map<string, Buffer | null>, subjectId: string): Buffer {
  const key = keys.get(subjectId);
  if (!key) throw new Error(`${subjectId} has no key: it was erased, and its row is still there`);
  return key;
}
