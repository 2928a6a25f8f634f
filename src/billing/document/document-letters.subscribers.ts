import { On, Subscriber } from '../../platform/events/subscribers.js';
import { Mail } from '../../platform/mail/mail.js';
import { Money } from '../../platform/money/money.js';
import { CreditNoteIssued, InvoiceFinalized } from '../billing.events.js';
import { InvoiceLinks } from '../dunning/invoice-links.service.js';
import { SellerProfiles } from '../seller/seller-profiles.service.js';
import { documentMail } from './document.mails.js';
import { Documents, type DocumentWish } from './documents.service.js';

/** Every document goes to its buyer once, when it has its number. */
@Subscriber()
export class DocumentLetters {
  constructor(
    private readonly documents: Documents,
    private readonly sellers: SellerProfiles,
    private readonly mail: Mail,
    private readonly links: InvoiceLinks,
  ) {}

  @On(InvoiceFinalized)
  invoiced({ payload }: InvoiceFinalized): Promise<void> {
    return this.write('invoice', payload.invoiceId, payload.subscriptionId);
  }

  @On(CreditNoteIssued)
  credited({ payload }: CreditNoteIssued): Promise<void> {
    return this.write('credit_note', payload.creditNoteId, null);
  }

  private async write(kind: DocumentWish['kind'], id: string, subscriptionId: string | null): Promise<void> {
    const { letters } = await this.sellers.current();
    if (letters === 'none') return;
    const { buyer, number, orderNumber, totals, dueDate, charged } = await this.documents.content({
      kind,
      id,
    });
    if (buyer.email === null || number === null) return;
    const isDue = totals.due.amount > 0;
    const isSent = subscriptionId !== null && !charged && isDue;
    await this.mail.request({
      template: documentMail.name,
      subjectId: id,
      to: buyer.email,
      data: {
        ...{ kind, id, number, orderNumber, dueDate, name: buyer.name, format: letters },
        total: Money.fromJSON(totals.gross).toString(),
        charged,
        due: isDue ? Money.fromJSON(totals.due).toString() : null,
        url: isSent ? await this.links.create({ id, dueDate }) : null,
      },
    });
  }
}
