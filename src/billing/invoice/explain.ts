import { Money, type MoneyJson } from '../../platform/money/money.js';
import { taxKey } from './invoice-arithmetic.js';
import type { InvoiceContent, InvoiceLine, InvoiceTax } from './invoice-content.js';
import type { SettlementRow } from './invoice.repository.js';

/** Where one amount of a document comes from. */
export interface Explained {
  /** JSON Pointer into the content. */
  readonly what: string;
  readonly rule: string;
  readonly formula: string;
  readonly amount: MoneyJson;
  /** What rounding has left out, in minor units; null where nothing is rounded. */
  readonly remainder: string | null;
}

/** Every cent of a document: what it was made of, by which rule, and what was rounded away where. */
export function explain(
  content: Pick<InvoiceContent, 'lines' | 'taxes' | 'totals' | 'pricesIncludeTax' | 'currency'>,
  settlements: readonly Pick<SettlementRow, 'kind' | 'amount'>[],
): Explained[] {
  const { lines, taxes, totals, pricesIncludeTax } = content;
  const sum = (pick: (line: InvoiceLine) => MoneyJson) => lines.map((line) => pick(line).amount).join(' + ');
  return [
    ...lines.flatMap((line, index) => lineItems(line, index, pricesIncludeTax)),
    ...taxes.map((tax, index) => categoryItem(tax, index, content)),
    {
      what: '/totals/net',
      rule: 'BR-CO-13',
      formula: sum(({ net }) => net),
      amount: totals.net,
      remainder: null,
    },
    {
      what: '/totals/tax',
      rule: 'BR-CO-14',
      formula: taxes.map(({ amount }) => amount.amount).join(' + ') || '0',
      amount: totals.tax,
      remainder: null,
    },
    {
      what: '/totals/gross',
      rule: 'BR-CO-15',
      formula: `${totals.net.amount} + ${totals.tax.amount}`,
      amount: totals.gross,
      remainder: null,
    },
    ...settlements.map(({ kind, amount }, index) => ({
      what: `/settlements/${index}`,
      rule: 'what has settled it',
      formula: kind,
      amount: amount.toJSON(),
      remainder: null,
    })),
  ];
}

function lineItems(line: InvoiceLine, index: number, included: boolean): Explained[] {
  const { quantity, unitPrice, price, discount, net, tax, total, explain: words } = line;
  const charged = included ? total : net;
  const at = `/lines/${index}`;
  return [
    {
      what: `${at}/price`,
      rule: 'price times quantity',
      formula: words ?? `${unitPrice.amount} × ${quantity}`,
      amount: price,
      remainder: null,
    },
    {
      what: `${at}/${included ? 'total' : 'net'}`,
      rule: included ? 'prices include the tax' : 'prices are net',
      formula: `${price.amount} − ${discount.amount}`,
      amount: charged,
      remainder: null,
    },
    {
      what: `${at}/tax`,
      rule: 'share of the tax of its category, by largest remainder',
      formula: line.taxes.map((one) => `${percent(one.ratePpm)} of ${one.base.amount}`).join(' + '),
      amount: tax,
      remainder: line.taxes.length === 1 ? remainderOf(BigInt(net.amount), line.ratePpm, tax) : null,
    },
    included
      ? {
          what: `${at}/net`,
          rule: 'what is left without the tax',
          formula: `${total.amount} − ${tax.amount}`,
          amount: net,
          remainder: null,
        }
      : {
          what: `${at}/total`,
          rule: 'net and tax',
          formula: `${net.amount} + ${tax.amount}`,
          amount: total,
          remainder: null,
        },
  ];
}

function categoryItem(
  tax: InvoiceTax,
  index: number,
  { lines, pricesIncludeTax }: Pick<InvoiceContent, 'lines' | 'pricesIncludeTax'>,
): Explained {
  const { ratePpm, base, amount, category, reason } = tax;
  const gross = lines
    .flatMap((line) => line.taxes)
    .filter((one) => taxKey(one) === taxKey(tax))
    .reduce((sum, one) => sum + one.base.amount + one.amount.amount, 0);
  const formula =
    reason !== null
      ? `category ${category}: ${reason}`
      : pricesIncludeTax
        ? `${gross} × ${ratePpm} / ${1_000_000 + ratePpm}`
        : `${base.amount} × ${percent(ratePpm)}`;
  const remainder = pricesIncludeTax
    ? fraction(BigInt(gross) * BigInt(ratePpm), BigInt(1_000_000 + ratePpm), amount)
    : remainderOf(BigInt(base.amount), ratePpm, amount);
  return { what: `/taxes/${index}`, rule: 'BR-CO-17', formula, amount, remainder };
}

const percent = (ratePpm: number): string => `${ratePpm / 10_000} %`;

const remainderOf = (base: bigint, ratePpm: number, rounded: MoneyJson): string =>
  fraction(base * BigInt(ratePpm), 1_000_000n, rounded);

/** The exact value less the rounded one, to a ten-thousandth of a minor unit. */
function fraction(numerator: bigint, denominator: bigint, rounded: MoneyJson): string {
  const { currency } = rounded;
  const exact = Money.of(numerator * 10_000n, currency).timesRatio(1n, denominator).amount;
  const left = exact - BigInt(rounded.amount) * 10_000n;
  const digits = (left < 0n ? -left : left).toString().padStart(5, '0');
  return `${left < 0n ? '-' : ''}${digits.slice(0, -4)}.${digits.slice(-4)}`.replace(/\.?0+$/, '') || '0';
}
