import { Injectable } from '@nestjs/common';
import { Cursors, type Page } from '../../platform/http/page.js';
import { normalizeEmail } from '../account/sign-in.service.js';
import type { CustomerDto, CustomerQuery } from './customer.dto.js';
import {
  type CustomerFilter,
  CustomerListRepository,
  type ListedCustomer,
} from './customer-list.repository.js';

/** Pages of customers, by keyset. */
@Injectable()
export class CustomerListService {
  constructor(
    private readonly customers: CustomerListRepository,
    private readonly cursors: Cursors,
  ) {}

  async page(query: CustomerQuery): Promise<Page<CustomerDto>> {
    const { limit, cursor, sort = '-createdAt', createdAt, q, email, status, group } = query;
    const address = email === undefined ? undefined : normalizeEmail(email);
    const filter: CustomerFilter = {
      q,
      email: address,
      status,
      group,
      from: createdAt?.gte,
      to: createdAt?.lte,
    };
    const list = `customers:${sort}:${JSON.stringify(filter)}`;
    const key = this.cursors.decode(list, cursor);
    const after = key && { key: String(key[0]), id: String(key[1]) };
    const rows = await this.customers.list(filter, sort, after, limit + 1);
    const { items, nextCursor } = this.cursors.page(list, rows, limit, ({ row }) => [row.createdKey, row.id]);
    return { items: items.flatMap(shown), nextCursor };
  }
}

/** Nothing of who was erased: the page is shorter then. */
function shown({ row, person }: ListedCustomer): CustomerDto[] {
  if (!person) return [];
  const { email, firstName, lastName } = person;
  const { id, emailVerified, status, groups, createdAt, erasesAt } = row;
  const account = { id, email, emailVerified, firstName, lastName, status };
  const erases = { erasesAt: erasesAt?.toISOString() ?? null };
  return [{ ...account, ...erases, groups, createdAt: createdAt.toISOString() }];
}
