import { exponentOf } from '../../platform/money/currencies.js';
import type { Fault } from '../invoice/invoice-arithmetic.js';
import type { InvoiceContent, InvoiceTaxCategory } from '../invoice/invoice-content.js';
import { type Breakdown, breakdownOf } from './e-invoice.js';

const MILLION = 1_000_000n;

/**
 * Why a document cannot be an e-invoice: the rules of EN 16931 that it breaks, by their names. Those of one field alone (formats, code
 * lists) are kept by how it is written; these are about what is there and what it adds up to. A sale to nobody known is a proper
 * invoice on paper and has no XML: the standard wants to know where the buyer is.
 */
export function eInvoiceFaults(content: InvoiceContent): Fault[] {
  const { currency, lines, totals, seller, buyer } = content;
  const faults: Fault[] = [];
  const rule = (code: string, pointer: string, isKept: boolean, message: string) => {
    if (!isKept) faults.push({ pointer, code, message });
  };
  rule('BR-02', '/number', content.number !== null, 'must be there: a draft has none');
  rule('BR-16', '/lines', lines.length > 0, 'must hold a line');
  rule('BR-09', '/seller/address', seller.address.country !== '', 'must name the country of the seller');
  rule('BR-11', '/buyer/address', buyer.address !== null, 'must name the country of the buyer');
  const { net, tax, gross, prepaid, due } = totals;
  const amounts = [net, tax, gross, prepaid, due, ...lines.flatMap((line) => [line.net, line.discount])];
  const unit = 10n ** BigInt(exponentOf(currency));
  rule(
    'BR-DEC',
    '/currency',
    unit <= 100n || amounts.every(({ amount }) => BigInt(amount) % (unit / 100n) === 0n),
    'must have amounts of at most two digits behind the point',
  );
  const sum = (pick: (line: (typeof lines)[number]) => number) =>
    lines.reduce((whole, line) => whole + pick(line), 0);
  rule(
    'BR-CO-10',
    '/totals/net',
    sum((line) => line.net.amount) === net.amount,
    'must be the sum of the lines',
  );
  rule(
    'BR-CO-14',
    '/totals/tax',
    sum((line) => line.tax.amount) === tax.amount,
    'must be the sum of the taxes',
  );
  rule('BR-CO-15', '/totals/gross', net.amount + tax.amount === gross.amount, 'must be net and tax');
  rule('BR-CO-16', '/totals/due', gross.amount - prepaid.amount === due.amount, 'must be what is not paid');
  const rows = breakdownOf(lines, currency);
  for (const row of rows) {
    // As the rule has it: the tax of lines that were rounded one by one may be off by less than one unit.
    rule('BR-CO-17', '/taxes', isOfItsRate(row, unit), 'must be the rate of what is taxed');
    faults.push(...categoryFaults(row, content));
  }
  const isMixed = rows.length > 1 && rows.some(({ category }) => category === 'O');
  rule('BR-O-11', '/taxes', !isMixed, 'must not mix what is outside of VAT with anything else');
  return faults;
}

function isOfItsRate({ base, tax, ratePpm }: Breakdown, unit: bigint): boolean {
  const off = tax.amount * MILLION - base.amount * BigInt(ratePpm);
  return (off < 0n ? -off : off) < unit * MILLION;
}

/** Who has to be known by a VAT id for what is charged, and what else the category wants. */
function categoryFaults({ category, ratePpm, tax, reasons }: Breakdown, content: InvoiceContent): Fault[] {
  const { seller, buyer, shipTo, deliveryDate, period } = content;
  const faults: Fault[] = [];
  const fault = (code: string, pointer: string, message: string) => faults.push({ code, pointer, message });
  const isKnown = seller.vatId !== null || seller.taxNumber !== null;
  const [prefix, needsVatId] = [RULES[category], category === 'K' || category === 'G'];
  if (category !== 'O' && !(needsVatId ? seller.vatId !== null : isKnown))
    fault(`${prefix}-02`, '/seller/vatId', 'must be there');
  if ((category === 'AE' || category === 'K') && buyer.vatId === null)
    fault(`${prefix}-02`, '/buyer/vatId', 'must be there');
  if (category === 'S' ? ratePpm <= 0 : ratePpm !== 0 || !tax.isZero())
    fault(`${prefix}-05`, '/taxes', 'must have a rate where tax is charged, and nowhere else');
  if (category === 'E' && reasons.length === 0) fault('BR-E-10', '/taxes', 'must say why it is exempt');
  if (category === 'K' && deliveryDate === null && period === null)
    fault('BR-IC-11', '/deliveryDate', 'must be there, or a period');
  if (category === 'K' && (shipTo ?? buyer.address) === null)
    fault('BR-IC-12', '/shipTo', 'must name the country that it goes to');
  return faults;
}

const RULES: Record<InvoiceTaxCategory, string> = {
  S: 'BR-S',
  Z: 'BR-Z',
  E: 'BR-E',
  AE: 'BR-AE',
  K: 'BR-IC',
  G: 'BR-G',
  O: 'BR-O',
};
