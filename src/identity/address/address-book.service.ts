import { Injectable } from '@nestjs/common';
import type { PersonActor } from '../../platform/access/actor.js';
import { requireAddresses, toAddress } from '../../platform/address/address.js';
import { Audit } from '../../platform/audit/audit.js';
import { Database } from '../../platform/database/database.js';
import { requireVersion } from '../../platform/http/etag.js';
import { Cursors, type Page } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { newId } from '../../platform/ids.js';
import { identityProblems } from '../identity.errors.js';
import type { BookAddressDto, CreateAddressDto, UpdateAddressDto } from './address-book.dto.js';
import {
  type AddressBook,
  AddressBookRepository,
  type BookAddress,
  MAX_ADDRESSES,
} from './address-book.repository.js';

/** The addresses that somebody keeps: at most fifty, and exactly one default for goods and one for invoices. */
@Injectable()
export class AddressBookService {
  constructor(
    private readonly database: Database,
    private readonly addresses: AddressBookRepository,
    private readonly cursors: Cursors,
    private readonly audit: Audit,
  ) {}

  async page(accountId: string, limit: number, cursor: string | undefined): Promise<Page<BookAddressDto>> {
    const list = `addresses:${accountId}`;
    const [after = null] = this.cursors.decode(list, cursor) ?? [];
    const rows = await this.addresses.list(accountId, after as string | null, limit + 1);
    const { items, nextCursor } = this.cursors.page(list, rows, limit, ({ id }) => [id]);
    return { items: items.map(shown), nextCursor };
  }

  /** All of them, the newest first. */
  async all(accountId: string): Promise<BookAddressDto[]> {
    return (await this.addresses.list(accountId, null, MAX_ADDRESSES)).map(shown);
  }

  /** Somebody else's is as unknown as none. */
  async get(accountId: string, id: string): Promise<BookAddressDto> {
    const address = await this.addresses.find(accountId, id);
    if (!address) throw platformProblems.not_found();
    return shown(address);
  }

  create(actor: PersonActor, input: CreateAddressDto): Promise<BookAddressDto> {
    requireAddresses({ '': input });
    const { defaultShipping: shipping = false, defaultBilling: billing = false } = input;
    return this.database.transaction(async () => {
      const id = newId();
      const before = await this.addresses.lock(actor.id);
      const made = await this.addresses.insert(actor.id, id, toAddress(input), { shipping, billing });
      if (!made) throw identityProblems.too_many_addresses();
      await this.addresses.touch(
        actor.id,
        losers(before, { shippingId: shipping ? id : null, billingId: billing ? id : null }),
      );
      this.note(actor, 'created', id);
      return this.get(actor.id, id);
    });
  }

  /** What is not given stays; the whole of it must fit its country then. */
  update(
    actor: PersonActor,
    id: string,
    { defaultShipping, defaultBilling, ...input }: UpdateAddressDto,
    version: number | null,
  ): Promise<BookAddressDto> {
    return this.database.transaction(async () => {
      const book = await this.addresses.lock(actor.id);
      const present = await this.get(actor.id, id);
      requireVersion(version, present.version);
      refuseNone(present, { defaultShipping, defaultBilling });
      const given = Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined));
      const address = toAddress({ ...present, ...given });
      requireAddresses({ '': address });
      await this.addresses.update(actor.id, id, address);
      const wanted = { shippingId: defaultShipping ? id : null, billingId: defaultBilling ? id : null };
      await this.addresses.setDefaults(actor.id, {
        shippingId: wanted.shippingId ?? book.shippingId,
        billingId: wanted.billingId ?? book.billingId,
      });
      await this.addresses.touch(actor.id, losers(book, wanted));
      this.note(actor, 'updated', id);
      return this.get(actor.id, id);
    });
  }

  /** Where it was the default, the newest of the others is from now on. */
  async delete(actor: PersonActor, id: string, version: number | null): Promise<void> {
    await this.database.transaction(async () => {
      await this.addresses.lock(actor.id);
      const present = await this.get(actor.id, id);
      requireVersion(version, present.version);
      const heirId = await this.addresses.newestBut(actor.id, id);
      await this.addresses.delete(actor.id, id, heirId);
      if (heirId !== null && (present.defaultShipping || present.defaultBilling))
        await this.addresses.touch(actor.id, [heirId]);
      this.note(actor, 'deleted', id);
    });
  }

  private note(actor: PersonActor, what: string, subjectId: string): void {
    this.audit.record({ actor, action: `identity.address.${what}`, subjectType: 'address', subjectId });
  }
}

/** Addresses that stop being a default, because another becomes it. */
function losers(before: AddressBook, wanted: Omit<AddressBook, 'size'>): string[] {
  const lost = [
    wanted.shippingId !== null && wanted.shippingId !== before.shippingId ? before.shippingId : null,
    wanted.billingId !== null && wanted.billingId !== before.billingId ? before.billingId : null,
  ];
  return [...new Set(lost.filter((id) => id !== null))];
}

/** The default moves to another address; it cannot only leave one. */
function refuseNone(
  present: BookAddressDto,
  wanted: Pick<UpdateAddressDto, 'defaultShipping' | 'defaultBilling'>,
): void {
  const errors = (['defaultShipping', 'defaultBilling'] as const)
    .filter((kind) => present[kind] && wanted[kind] === false)
    .map((kind) => ({
      pointer: `/${kind}`,
      code: 'default_address_needed',
      message: 'must be true for one address',
    }));
  if (errors.length > 0) throw identityProblems.default_address_needed(undefined, { errors });
}

const shown = ({ createdAt, ...address }: BookAddress): BookAddressDto => ({
  ...address,
  createdAt: createdAt.toISOString(),
});
