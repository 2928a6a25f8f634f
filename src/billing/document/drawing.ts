import { drawPdf } from '../../platform/pdf/pdf.js';
import type { InvoiceContent } from '../invoice/invoice-content.js';
import { eInvoiceFaults } from './e-invoice.rules.js';
import { eInvoiceXml } from './e-invoice.xml.js';
import { documentProblems } from './document.errors.js';
import { facturX } from './factur-x.js';
import { drawInvoice, titleOf } from './invoice-paper.js';

/** `pdf`: for people. `ubl`: XML for programs. `facturx`: the PDF with the XML in it. */
export const DOCUMENT_FORMATS = ['pdf', 'ubl', 'facturx'] as const;
export type DocumentFormat = (typeof DOCUMENT_FORMATS)[number];

export interface Drawn {
  readonly name: string;
  readonly type: string;
  readonly bytes: Buffer;
}

/**
 * A document from its frozen content: the same bytes each time. 422 `billing.no_e_invoice` names the rules of EN 16931 that keep it
 * from being XML.
 */
export async function drawDocument(content: InvoiceContent, format: DocumentFormat): Promise<Drawn> {
  const { kind, number, issueDate } = content;
  const what = kind === 'credit_note' ? 'credit-note' : 'invoice';
  const name = `${what}-${number?.replaceAll('/', '-') ?? 'draft'}`;
  if (format !== 'pdf') {
    const errors = eInvoiceFaults(content);
    if (errors.length > 0) throw documentProblems.no_e_invoice(undefined, { errors });
  }
  if (format === 'ubl') {
    const bytes = Buffer.from(await eInvoiceXml(content, 'ubl'));
    return { name: `${name}.xml`, type: 'application/xml', bytes };
  }
  const carried = format === 'facturx' ? facturX(await eInvoiceXml(content, 'cii')) : null;
  const at = new Date(`${issueDate}T00:00:00Z`);
  const bytes = await drawPdf(titleOf(content), at, (pdf) => drawInvoice(pdf, content), carried);
  return { name: `${name}.pdf`, type: 'application/pdf', bytes };
}
