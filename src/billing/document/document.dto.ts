import { OneOf } from '../../platform/http/fields.js';
import { DOCUMENT_FORMATS, type DocumentFormat } from './drawing.js';

export class DocumentQuery {
  @OneOf(DOCUMENT_FORMATS, {
    optional: true,
    description:
      '`pdf` for people; `ubl`, an e-invoice by EN 16931 in UBL 2.1; `facturx`, the PDF (PDF/A-3) with the e-invoice in it as CII. ' +
      '`pdf` when left out.',
    example: 'pdf',
  })
  format?: DocumentFormat;
}
