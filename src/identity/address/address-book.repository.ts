import { Injectable } from '@nestjs/common';
import type { Address } from '../../platform/address/address.js';
import { Database } from '../../platform/database/database.js';
import { SubjectKeys } from '../../platform/personal-data/subject-keys.js';

/** How many addresses somebody has, and which of them are the defaults; null when there are none. */
export interface AddressBook {
  size: number;
  shippingId: string | null;
  billingId: string | null;
}

export interface BookAddress extends Address {
  id: string;
  defaultShipping: boolean;
  defaultBilling: boolean;
  version: number;
  createdAt: Date;
}

/** An address as it is kept: all but the country is sealed with the key of the account. */
type SealedAddress = Omit<BookAddress, keyof Address> & { country: string; personal: Buffer };

/** Addresses by account. Every writer holds the book first, so that writers of one account come one after the other. */
@Injectable()
export class AddressBookRepository {
  constructor(
    private readonly database: Database,
    private readonly keys: SubjectKeys,
  ) {}

  /** The newest first. */
  async list(accountId: string, after: string | null, limit: number): Promise<BookAddress[]> {
    return this.open(accountId, await this.database.query<SealedAddress>(LIST, [accountId, after, limit]));
  }

  async find(accountId: string, id: string): Promise<BookAddress | null> {
    const rows = await this.database.query<SealedAddress>(FIND, [accountId, id]);
    const [address = null] = await this.open(accountId, rows);
    return address;
  }

  /** Makes the book when there is none, and holds it until the end of the transaction. */
  async lock(accountId: string): Promise<AddressBook> {
    await this.database.execute(OPEN, [accountId]);
    const [book] = await this.database.query<AddressBook>(LOCK, [accountId]);
    if (!book) throw new Error(`the address book of ${accountId} is gone`);
    return book;
  }

  /** Writes the address, and its place among the defaults where it is to have one; false when the book is full. */
  async insert(
    accountId: string,
    id: string,
    address: Address,
    defaults: { shipping: boolean; billing: boolean },
  ): Promise<boolean> {
    const grown = await this.database.execute(GROW, [accountId, id, defaults.shipping, defaults.billing]);
    if (grown === 0) return false;
    await this.database.execute(INSERT, [accountId, id, ...(await this.sealed(accountId, id, address))]);
    return true;
  }

  async update(accountId: string, id: string, address: Address): Promise<void> {
    await this.database.execute(UPDATE, [accountId, id, ...(await this.sealed(accountId, id, address))]);
  }

  async setDefaults(accountId: string, { shippingId, billingId }: Omit<AddressBook, 'size'>): Promise<void> {
    await this.database.execute(SET_DEFAULTS, [accountId, shippingId, billingId]);
  }

  /** What an address is the default of is part of it: it has another version when that has changed. */
  async touch(accountId: string, ids: readonly string[]): Promise<void> {
    if (ids.length > 0) await this.database.execute(TOUCH, [accountId, ids]);
  }

  /** Takes the address out; `heirId` becomes the default in its place, null when none is left. */
  async delete(accountId: string, id: string, heirId: string | null): Promise<void> {
    await this.database.execute(SHRINK, [accountId, id, heirId]);
    await this.database.execute('DELETE FROM identity.addresses WHERE account_id = $1 AND id = $2', [
      accountId,
      id,
    ]);
  }

  /** The newest address but this one. */
  async newestBut(accountId: string, id: string): Promise<string | null> {
    const [row] = await this.database.query<{ id: string }>(NEWEST_BUT, [accountId, id]);
    return row?.id ?? null;
  }

  private async sealed(accountId: string, id: string, address: Address): Promise<[string, Buffer]> {
    const { country, ...personal } = address;
    return [country, await this.keys.seal(accountId, addressPlace(id), JSON.stringify(personal))];
  }

  /** None when the account was erased. */
  private async open(accountId: string, rows: SealedAddress[]): Promise<BookAddress[]> {
    const texts = await this.keys.openAll(
      rows.map(({ id, personal }) => ({
        subjectId: accountId,
        place: addressPlace(id),
        sealed: personal,
      })),
    );
    return rows.flatMap(({ personal: _personal, id, ...row }, at) => {
      const text = texts[at] ?? null;
      return text === null ? [] : { id, ...(JSON.parse(text) as Omit<Address, 'country'>), ...row };
    });
  }
}

/** Where an address is kept. */
export const addressPlace = (id: string): string => `identity.addresses|personal|${id}`;

const VIEW = `
  SELECT a.id, a.country, a.personal, b.shipping_id = a.id AS "defaultShipping",
    b.billing_id = a.id AS "defaultBilling", a.version, a.created_at AS "createdAt"
  FROM identity.addresses a JOIN identity.address_books b ON b.account_id = a.account_id WHERE a.account_id = $1`;
const LIST = `${VIEW} AND ($2::uuid IS NULL OR a.id < $2) ORDER BY a.id DESC LIMIT $3`;
const FIND = `${VIEW} AND a.id = $2`;
const OPEN = 'INSERT INTO identity.address_books (account_id) VALUES ($1) ON CONFLICT DO NOTHING';
const LOCK = `
  SELECT size, shipping_id AS "shippingId", billing_id AS "billingId" FROM identity.address_books WHERE account_id = $1
  FOR UPDATE`;
export const MAX_ADDRESSES = 50;
const GROW = `
  UPDATE identity.address_books SET size = size + 1,
    shipping_id = CASE WHEN $3::boolean OR shipping_id IS NULL THEN $2::uuid ELSE shipping_id END,
    billing_id = CASE WHEN $4::boolean OR billing_id IS NULL THEN $2::uuid ELSE billing_id END
  WHERE account_id = $1 AND size < ${MAX_ADDRESSES}`;
const INSERT = `
  INSERT INTO identity.addresses (account_id, id, country, personal) VALUES ($1, $2, $3, $4)`;
const UPDATE = `
  UPDATE identity.addresses SET country = $3, personal = $4, version = version + 1
  WHERE account_id = $1 AND id = $2`;
const SET_DEFAULTS = `
  UPDATE identity.address_books SET shipping_id = $2, billing_id = $3 WHERE account_id = $1`;
const TOUCH = `
  UPDATE identity.addresses SET version = version + 1 WHERE account_id = $1 AND id = ANY ($2::uuid[])`;
const SHRINK = `
  UPDATE identity.address_books SET size = size - 1,
    shipping_id = CASE WHEN shipping_id = $2 THEN $3::uuid ELSE shipping_id END,
    billing_id = CASE WHEN billing_id = $2 THEN $3::uuid ELSE billing_id END
  WHERE account_id = $1`;
const NEWEST_BUT = `
  SELECT id FROM identity.addresses WHERE account_id = $1 AND id <> $2 ORDER BY id DESC LIMIT 1`;
