import { Injectable } from '@nestjs/common';
import { Mail } from '../../platform/mail/mail.js';
import { Documents } from '../document/documents.service.js';
import { ChargeableMethods } from './chargeable-methods.service.js';
import type { LetterKind } from './collection.entity.js';
import type { Collecting } from './collection.repository.js';
import { type DunningLetter, dunningMail } from './dunning.mails.js';
import { InvoiceLinks } from './invoice-links.service.js';

/** Letters about invoices that could not be collected, each with a link to pay. */
@Injectable()
export class DunningLetters {
  constructor(
    private readonly documents: Documents,
    private readonly methods: ChargeableMethods,
    private readonly links: InvoiceLinks,
    private readonly mail: Mail,
  ) {}

  /** In the caller's transaction: to the buyer of the invoice, unless the address was forgotten. Each letter goes out once. */
  async write(collecting: Collecting, kind: LetterKind): Promise<void> {
    const { collection, due } = collecting;
    const { buyer, number, dueDate } = await this.documents.content({
      kind: 'invoice',
      id: collection.invoiceId,
    });
    if (buyer.email === null || number === null) return;
    const { method, bar } = await this.methods.of(collecting);
    const letter: DunningLetter = {
      ...{ kind, number, name: buyer.name, amount: due.toString() },
      card: method === null ? null : `${method.brand} •••• ${method.last4}`,
      bar,
      nextAt: dayOf(collection.stepAt),
      url: await this.links.create({ id: collection.invoiceId, dueDate }),
    };
    await this.mail.request({
      template: dunningMail.name,
      subjectId: `${collection.invoiceId}:${kind}:${collection.step}`,
      to: buyer.email,
      data: letter,
    });
  }
}

const dayOf = (at: Date | null): string | null => at?.toISOString().slice(0, 10) ?? null;
