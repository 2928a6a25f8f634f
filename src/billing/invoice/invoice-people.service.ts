import { Injectable } from '@nestjs/common';
import type { Subject } from '../../platform/personal-data/personal-data.js';
import { CreditNoteRepository } from '../credit-note/credit-note.repository.js';
import type { InvoiceContent } from './invoice-content.js';
import { InvoicePapers } from './invoice-papers.service.js';
import { InvoicePeopleRepository } from './invoice-people.repository.js';

/** What the person is told of documents that outlive the account. */
const KEPT =
  'The law wants invoices and credit notes kept for years, with name and address. When you are erased, your e-mail address and the ' +
  'link to your account are taken off them; the rest stays, encrypted, until that time is over.';

interface Told {
  id: string;
  state: string;
  kept: string;
  invoice: InvoiceContent;
  creditNotes: InvoiceContent[];
}

/** The documents of a person, for the copy of all that is kept, and what is left of them after an erasure. */
@Injectable()
export class InvoicePeople {
  constructor(
    private readonly rows: InvoicePeopleRepository,
    private readonly papers: InvoicePapers,
    private readonly notes: CreditNoteRepository,
  ) {}

  async invoices(subject: Subject, after: { id: string } | null, limit: number): Promise<Told[]> {
    const { customerId } = subject;
    const invoices = await this.rows.theirs(customerId, this.hashesOf(subject), after?.id ?? null, limit);
    const notes = await this.notes.ofInvoices(invoices.map(({ id }) => id));
    const [contents, credits] = await Promise.all([
      this.papers.open(invoices.map((invoice) => ({ ...invoice, keyId: invoice.id }))),
      this.papers.open(notes.map((note) => ({ ...note, keyId: note.invoiceId }))),
    ]);
    return invoices.flatMap(({ id, state }, index) => {
      const invoice = contents[index];
      const creditNotes = credits.filter((_, at) => notes[at]?.invoiceId === id);
      return invoice ? [{ id, state, kept: KEPT, invoice, creditNotes }] : [];
    });
  }

  hold(subject: Subject): Promise<void> {
    return this.rows.hold(subject.customerId, this.hashesOf(subject));
  }

  /** In the caller's transaction: nothing but what the law wants kept tells who it was, and that is sealed. */
  anonymise(subject: Subject): Promise<void> {
    return this.rows.anonymise(subject.customerId, this.hashesOf(subject));
  }

  private hashesOf({ email }: Subject): Buffer[] {
    return email === null ? [] : this.papers.hashesOf(email);
  }
}
