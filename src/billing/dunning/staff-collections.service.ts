import { Injectable } from '@nestjs/common';
import type { Actor } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Database } from '../../platform/database/database.js';
import { Idempotency } from '../../platform/http/idempotency.js';
import { Cursors, type Page } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { paymentProblems } from '../payment/payment.errors.js';
import { ChargeableMethods } from './chargeable-methods.service.js';
import { CollectionAttemptRepository } from './collection-attempt.repository.js';
import { CollectionCharges } from './collection-charges.service.js';
import {
  InvoiceCollectionDto,
  type InvoiceCollectionQuery,
  InvoiceCollectionSummaryDto,
} from './collection.dto.js';
import { CollectionNews } from './collection-news.service.js';
import { type Collecting, CollectionRepository } from './collection.repository.js';
import { dunningProblems, invoiceLinkProblems } from './dunning.errors.js';
import { InvoiceLinks } from './invoice-links.service.js';

interface Begun {
  readonly operationId: string;
}

/** Collections as staff read them, try again, and hand out links. */
@Injectable()
export class StaffCollections {
  constructor(
    private readonly database: Database,
    private readonly rows: CollectionRepository,
    private readonly attempts: CollectionAttemptRepository,
    private readonly methods: ChargeableMethods,
    private readonly charges: CollectionCharges,
    private readonly news: CollectionNews,
    private readonly links: InvoiceLinks,
    private readonly audit: Audit,
    private readonly cursors: Cursors,
  ) {}

  /** A page, the newest invoice first. */
  async list({
    limit,
    cursor,
    ...wanted
  }: InvoiceCollectionQuery): Promise<Page<InvoiceCollectionSummaryDto>> {
    const { state = null, customerId = null, subscriptionId = null } = wanted;
    const filter = { state, customerId, subscriptionId };
    const list = `collections ${JSON.stringify(filter)}`;
    const [after = null] = this.cursors.decode(list, cursor) ?? [];
    const rows = await this.rows.list(filter, after as string | null, limit + 1);
    const page = this.cursors.page(list, rows, limit, ({ collection }) => [collection.invoiceId]);
    return { ...page, items: page.items.map((each) => InvoiceCollectionSummaryDto.summary(each)) };
  }

  async get(invoiceId: string): Promise<InvoiceCollectionDto> {
    const collecting = await this.rows.find(invoiceId);
    if (collecting === null) throw platformProblems.not_found();
    const bar = collecting.invoiceState === 'open' ? (await this.methods.of(collecting)).bar : null;
    return InvoiceCollectionDto.from(collecting, await this.attempts.ofInvoice(invoiceId), bar);
  }

  /**
   * Tries now, beside the schedule, which it does not move. 409 `billing.collection_barred` when nothing could come of it. A repeat
   * with the same key goes on with the same attempt.
   */
  async tryNow(invoiceId: string, actor: Actor): Promise<string> {
    const request = Idempotency.current();
    if (request === null) throw platformProblems.idempotency_key_required();
    const { operationId } =
      (request.resume as Begun | null) ??
      (await this.database.transaction(async () => {
        await this.news.hear(invoiceId);
        const begun = await this.begin(await this.open(invoiceId));
        await request.remember(begun);
        this.record(actor, 'attempted', invoiceId);
        return begun;
      }));
    await this.charges.send(operationId);
    return this.database.transaction(async () => {
      await this.news.hear(invoiceId);
      return request.answer(200, await this.get(invoiceId));
    });
  }

  /** A link to pay an invoice that is collected, or that its customer is sent. */
  async link(invoiceId: string, actor: Actor): Promise<{ url: string }> {
    return this.database.transaction(async () => {
      const invoice = await this.links.payable(invoiceId);
      this.record(actor, 'link_created', invoiceId);
      return { url: await this.links.create(invoice) };
    });
  }

  private async begin(collecting: Collecting): Promise<Begun> {
    const { bar } = await this.methods.of(collecting);
    if (bar !== null) throw dunningProblems.collection_barred(undefined, { extra: { bar } });
    const begun = await this.charges.begin(collecting, 'manual');
    if ('operationId' in begun) return begun;
    if (begun.bar === 'payment_in_progress')
      throw paymentProblems.payment_in_progress(undefined, { retryAfter: 2 });
    throw dunningProblems.collection_barred(undefined, { extra: { bar: begun.bar } });
  }

  private async open(invoiceId: string): Promise<Collecting> {
    const collecting = await this.rows.lock(invoiceId);
    if (collecting === null) throw platformProblems.not_found();
    if (collecting.invoiceState !== 'open') throw invoiceLinkProblems.invoice_not_due();
    return collecting;
  }

  private record(actor: Actor, what: string, subjectId: string): void {
    this.audit.record({ actor, action: `billing.collection.${what}`, subjectType: 'invoice', subjectId });
  }
}
