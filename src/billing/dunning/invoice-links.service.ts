import { Injectable } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { Config } from '../../platform/config.js';
import { platformProblems } from '../../platform/http/problem.js';
import { hashOf, newSecret } from '../../platform/secret.js';
import { invoiceLinkProblems } from './dunning.errors.js';
import { type InvoiceLink, InvoiceLinkRepository } from './invoice-link.repository.js';

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

  /** In the caller's transaction: a new link, for 30 days; a page of the shop with the token, which is told only here. */
  async create(invoiceId: string): Promise<string> {
    const token = newSecret();
    const now = this.clock.now();
    await this.rows.insert(invoiceId, hashOf(token), new Date(now.getTime() + DAYS * DAY_MS), now);
    return `${this.config.publicUrl}/pay-invoice?token=${token}`;
  }

  /** 404 for a token that nobody was given, 410 `billing.invoice_link_ended` after its time. */
  async open(token: string): Promise<InvoiceLink> {
    const link = await this.rows.find(hashOf(token));
    if (link === null) throw platformProblems.not_found();
    if (link.expiresAt <= this.clock.now()) throw invoiceLinkProblems.invoice_link_ended();
    return link;
  }
}
