import { Injectable } from '@nestjs/common';
import { type Actor, personId } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Database } from '../../platform/database/database.js';
import { Cursors, type Page } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { Money } from '../../platform/money/money.js';
import {
  GiftCardDetailDto,
  GiftCardDto,
  type GiftCardQuery,
  type IssueGiftCardDto,
} from './gift-card.dto.js';
import { GiftCardIssuer } from './gift-card-issuer.service.js';
import { GiftCardRepository } from './gift-card.repository.js';
import { GiftCards } from './gift-cards.service.js';

/** Gift cards as staff read, give and cancel them. */
@Injectable()
export class StaffGiftCards {
  constructor(
    private readonly database: Database,
    private readonly rows: GiftCardRepository,
    private readonly cards: GiftCards,
    private readonly issuer: GiftCardIssuer,
    private readonly audit: Audit,
    private readonly cursors: Cursors,
  ) {}

  async list({ limit, cursor, ...wanted }: GiftCardQuery): Promise<Page<GiftCardDto>> {
    const { last4 = null, state = null, orderId = null } = wanted;
    const filter = { last4: last4?.toUpperCase() ?? null, state, orderId };
    const list = `gift-cards:${JSON.stringify(filter)}`;
    const [after = null] = this.cursors.decode(list, cursor) ?? [];
    const rows = await this.rows.list(filter, after as string | null, limit + 1);
    const page = this.cursors.page(list, rows, limit, ({ id }) => [id]);
    return { ...page, items: page.items.map((card) => GiftCardDto.from(card)) };
  }

  async get(id: string): Promise<GiftCardDetailDto> {
    const card = await this.rows.find(id);
    if (!card) throw platformProblems.not_found();
    return GiftCardDetailDto.detail(card, await this.rows.entries(id));
  }

  /** A card that nobody paid for; its code goes to the recipient alone. */
  async issue(input: IssueGiftCardDto, actor: Actor): Promise<GiftCardDetailDto> {
    const amount = Money.fromJSON(input.amount);
    if (amount.isZero())
      throw platformProblems.invalid_input('A card of nothing pays for nothing: issue it with more than 0.', {
        errors: [{ pointer: '/amount', code: 'out_of_range', message: 'must be above 0' }],
      });
    const { recipientEmail: email, recipientName: name = null, message = null, reason } = input;
    const to = { email, name, message, sendAt: null };
    return this.database.transaction(async () => {
      const id = await this.issuer.issue(amount, to, { reason }, personId(actor) ?? actor.kind);
      if (id === null) throw new Error('a card of nobody was there already');
      this.record(actor, 'issued', id, { amount: amount.toJSON(), reason });
      return this.get(id);
    });
  }

  /** What is left of it is worth nothing from now on. */
  async cancel(id: string, reason: string, actor: Actor): Promise<GiftCardDetailDto> {
    return this.database.transaction(async () => {
      const card = await this.rows.lock(id);
      if (!card) throw platformProblems.not_found();
      const amount = await this.cards.cancel(card, personId(actor) ?? actor.kind);
      this.record(actor, 'canceled', id, { amount: amount.toJSON(), reason });
      return this.get(id);
    });
  }

  private record(actor: Actor, what: string, subjectId: string, details: Record<string, unknown>): void {
    this.audit.record({
      actor,
      action: `billing.gift_card.${what}`,
      subjectType: 'gift_card',
      subjectId,
      details,
    });
  }
}
