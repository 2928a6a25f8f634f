import { Injectable } from '@nestjs/common';
import { IdentityApi } from '../../identity/identity.api.js';
import { type Actor, personId } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Clock } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { Cursors, type Page, type PageQuery } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { Money } from '../../platform/money/money.js';
import {
  type AdjustStoreCreditDto,
  type IssueStoreCreditDto,
  StoreCreditDetailDto,
  StoreCreditDto,
  StoreCreditEntryDto,
  type StoreCreditQuery,
} from './store-credit.dto.js';
import { storeCreditProblems } from './store-credit.errors.js';
import { StoreCreditRepository } from './store-credit.repository.js';
import { StoreCredits } from './store-credits.service.js';

/** Store credit as staff read, give and correct it. */
@Injectable()
export class StaffStoreCredits {
  constructor(
    private readonly database: Database,
    private readonly rows: StoreCreditRepository,
    private readonly credits: StoreCredits,
    private readonly identity: IdentityApi,
    private readonly audit: Audit,
    private readonly cursors: Cursors,
    private readonly clock: Clock,
  ) {}

  async list({ limit, cursor, ...wanted }: StoreCreditQuery): Promise<Page<StoreCreditDto>> {
    const { customerId = null, currency = null } = wanted;
    const list = `store-credits:${JSON.stringify({ customerId, currency })}`;
    const [after = null] = this.cursors.decode(list, cursor) ?? [];
    const rows = await this.rows.list({ customerId, currency }, after as string | null, limit + 1);
    const page = this.cursors.page(list, rows, limit, ({ id }) => [id]);
    return { ...page, items: page.items.map((credit) => StoreCreditDto.from(credit)) };
  }

  async get(id: string): Promise<StoreCreditDetailDto> {
    const credit = await this.rows.find(id);
    if (!credit) throw platformProblems.not_found();
    return StoreCreditDetailDto.detail(credit, await this.rows.lots(id, null));
  }

  /** The statement of one credit, newest first; the entries add up to its balance. */
  async entries(id: string, { limit, cursor }: PageQuery): Promise<Page<StoreCreditEntryDto>> {
    const credit = await this.rows.find(id);
    if (!credit) throw platformProblems.not_found();
    const list = `store-credit:${id}`;
    const [after = null] = this.cursors.decode(list, cursor) ?? [];
    const rows = await this.rows.entries(id, after as string | null, limit + 1);
    const page = this.cursors.page(list, rows, limit, (entry) => [entry.id]);
    return { ...page, items: page.items.map((entry) => StoreCreditEntryDto.from(entry, credit.currency)) };
  }

  /** Gives a customer credit for a reason; 400 for one whom nobody knows or who is being erased, for nothing, and for a day that is over. */
  async issue(input: IssueStoreCreditDto, actor: Actor): Promise<StoreCreditDetailDto> {
    const amount = Money.fromJSON(input.amount);
    if (amount.isZero()) throw refused('/amount', 'too_low', 'must be above zero');
    const expiresAt = input.expiresAt == null ? null : new Date(input.expiresAt);
    if (expiresAt && expiresAt <= this.clock.now())
      throw refused('/expiresAt', 'over', 'must be in the future');
    const { customerId, reason } = input;
    return this.database.transaction(async () => {
      if (!(await this.identity.holdCustomer(customerId)))
        throw refused('/customerId', 'unknown', 'is the id of no customer');
      const deed = { actor: personId(actor) ?? actor.kind, reason };
      const id = await this.credits.issue(customerId, amount, expiresAt, deed);
      this.record(actor, 'issued', id, { customerId, amount: amount.toJSON(), reason });
      return this.get(id);
    });
  }

  /** Changes a balance for a reason; 409 when it would fall below zero. */
  async adjust(id: string, input: AdjustStoreCreditDto, actor: Actor): Promise<StoreCreditDetailDto> {
    const amount = Money.fromJSON(input.amount);
    const { reason } = input;
    return this.database.transaction(async () => {
      const credit = await this.rows.lock(id);
      if (!credit) throw platformProblems.not_found();
      if (amount.isZero()) throw refused('/amount', 'zero', 'must not be zero');
      if (amount.currency !== credit.currency)
        throw refused('/amount/currency', 'foreign_currency', `must be ${credit.currency}`);
      const deed = { actor: personId(actor) ?? actor.kind, reason };
      if (!(await this.credits.adjust(credit, amount, deed)))
        throw storeCreditProblems.store_credit_too_low();
      this.record(actor, 'adjusted', id, { amount: amount.toJSON(), reason });
      return this.get(id);
    });
  }

  private record(actor: Actor, what: string, subjectId: string, details: Record<string, unknown>): void {
    this.audit.record({
      actor,
      action: `billing.store_credit.${what}`,
      subjectType: 'store_credit',
      subjectId,
      details,
    });
  }
}

const refused = (pointer: string, code: string, message: string) =>
  platformProblems.invalid_input(undefined, { errors: [{ pointer, code, message }] });
