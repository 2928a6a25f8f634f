import type { InvoiceContent } from '../invoice/invoice-content.js';
import { eInvoiceOf, type Syntax } from './e-invoice.js';

const SILENT = { log: () => {}, warn: () => {}, error: () => {} };
const FORMAT = { ubl: 'UBL', cii: 'CII' };

/**
 * The XML of a document that keeps the rules (`eInvoiceFaults`): UBL 2.1, or the CII D16B that Factur-X carries. The library is
 * loaded with the first one: a shop that makes none does not pay for it.
 */
export async function eInvoiceXml(content: InvoiceContent, syntax: Syntax): Promise<string> {
  const { FormatFactoryService } = await import('@e-invoice-eu/core');
  const format = FORMAT[syntax];
  // Not by its InvoiceService: that one compiles a schema of 6,000 lines for each document, half a second of everybody's time.
  const service = new FormatFactoryService().createFormatService(format, SILENT);
  const xml = await service.generate(eInvoiceOf(content, syntax), { format, lang: 'en' });
  return syntax === 'cii' ? withoutCurrencies(String(xml)) : String(xml);
}

/** The library writes a currency at the allowance of a line, where CII has it at the sum of taxes alone (CII-DT-031). */
const withoutCurrencies = (xml: string): string =>
  xml.replace(/<ram:ActualAmount currencyID="[A-Z]{3}">/g, '<ram:ActualAmount>');
