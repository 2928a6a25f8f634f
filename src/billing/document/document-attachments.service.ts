import { AttachesTo, type AttachmentDrawer } from '../../platform/mail/attachments.js';
import type { Attachment } from '../../platform/mail/mailer.port.js';
import { type DocumentLetter, documentMail } from './document.mails.js';
import { Documents } from './documents.service.js';
import { drawDocument } from './drawing.js';
import { eInvoiceFaults } from './e-invoice.rules.js';

/** The document that a letter is about. What cannot be an e-invoice goes out on paper alone. */
@AttachesTo(documentMail)
export class DocumentAttachments implements AttachmentDrawer<DocumentLetter> {
  constructor(private readonly documents: Documents) {}

  async draw({ kind, id, format }: DocumentLetter): Promise<Attachment[]> {
    const content = await this.documents.content({ kind, id });
    const isPlain = format !== 'pdf' && eInvoiceFaults(content).length > 0;
    return [await drawDocument(content, isPlain ? 'pdf' : format)];
  }
}
