import { Injectable } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { Config } from '../../platform/config.js';
import { platformProblems } from '../../platform/http/problem.js';
import { hashOf, newSecret } from '../../platform/secret.js';
import { invoiceLinkProblems } from './dunning.errors.js';
import { type InvoiceLink, InvoiceLinkRepository, type LinkedInvoice } from './invoice-link.repository.js';

const DAYS = 30;
const DAY_MS = 86_400_000;

/** Links by which whoever has them pays an invoice. */
@Injectable()
export class InvoiceLinks {
  constructor(
    private readonly rows: InvoiceLinkRepository,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  /**
   * In the caller's transaction: a new link, until 30 days after the day on which the invoice is due, and for 30 days at the least; a
   * page of the shop with the token, which is told only here.
   */
  async create({ id, dueDate }: Pick<LinkedInvoice, 'id' | 'dueDate'>): Promise<string> {
    const token = newSecret();
    const now = this.clock.now();
    const due = dueDate === null ? now.getTime() : Math.max(now.getTime(), Date.parse(dueDate));
    await this.rows.insert(id, hashOf(token), new Date(due + DAYS * DAY_MS), now);
    return `${this.config.publicUrl}/pay-invoice?token=${token}`;
  }

  /**
   * What a link may be made to: an invoice of a subscription that is collected, or that its customer is sent and pays. 404 for any other, 409
   * `billing.invoice_not_due` when nothing is to be paid of it.
   */
  async payable(invoiceId: string): Promise<LinkedInvoice> {
    const invoice = await this.rows.invoice(invoiceId);
    if (invoice === null) throw platformProblems.not_found();
    if (invoice.state !== 'open') throw invoiceLinkProblems.invoice_not_due();
    return invoice;
  }

  /** 404 for a token that nobody was given, 410 `billing.invoice_link_ended` after its time. */
  async open(token: string): Promise<InvoiceLink> {
    const link = await this.rows.find(hashOf(token));
    if (link === null) throw platformProblems.not_found();
    if (link.expiresAt <= this.clock.now()) throw invoiceLinkProblems.invoice_link_ended();
    return link;
  }
}
