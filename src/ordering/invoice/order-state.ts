import type { InvoiceBuyer, InvoiceLine, InvoiceTax, OrderState } from '../../billing/billing.api.js';
import { Money } from '../../platform/money/money.js';
import { ERASED_EMAIL } from '../../platform/personal-data/erased.js';
import { VOUCHER } from '../cart/totals.js';
import { paidPieces } from '../order/order-pieces.js';
import { shippingDiscountOf } from '../order/order-discount.js';
import type { Order, OrderLine, OrderTaxLine } from '../order/order.js';

/** Pieces of whatever is counted (UNECE Recommendation 20). */
const PIECE = 'C62';
const VOUCHER_REASON =
  'Multi-purpose voucher: taxed when it is spent (Directive 2006/112/EC, Art. 30a and 30b)';

/**
 * An order as its invoices and credit notes have to say it. Lines have the discounts of the whole order in them already, in the
 * shares by which they are taxed; shipping is a line for each rate. So what the order froze is what stands on paper. `home` is the
 * country that the shop sells from, which taxes what is not taxed at the destination.
 */
export function orderState(order: Order, home: string | null, reason: OrderState['reason']): OrderState {
  const isOver = order.status === 'canceled' || order.status === 'expired';
  const country = taxCountry(order, home);
  return {
    orderId: order.id,
    orderNumber: order.number,
    orderVersion: order.version,
    customerId: order.customerId,
    currency: order.currency,
    pricesIncludeTax: order.pricesIncludeTax,
    buyer: buyerOf(order),
    shipTo: order.shippingAddress,
    lines: isOver
      ? []
      : [
          ...order.lines
            .filter((line) => paidPieces(line) > 0)
            .map((line) => goodsLine(order, line, country)),
          ...shippingLines(order, country),
        ],
    taxNote: order.taxation?.note ?? null,
    reason,
  };
}

function buyerOf({ billingAddress, shippingAddress, email, taxation, number }: Order): InvoiceBuyer {
  const address = billingAddress ?? shippingAddress;
  const check = taxation?.vatCheck ?? null;
  return {
    name: address ? `${address.firstName} ${address.lastName}`.trim() : `Buyer of order ${number}`,
    company: address?.company ?? null,
    address,
    email: email === ERASED_EMAIL ? null : email,
    vatId: taxation?.vatId ?? null,
    vatCheck: check && { status: check.status, checkedAt: check.checkedAt, ref: check.consultation },
  };
}

/** Who gets the tax: the destination, unless the rules have taxed it where it is sold from. */
function taxCountry({ taxation, shippingAddress, billingAddress }: Order, home: string | null): string {
  const there = (shippingAddress ?? billingAddress)?.country ?? null;
  const rule = taxation?.rule ?? 'destination';
  const isHome = rule === 'union_origin' || rule === 'domestic_origin' || rule === 'no_address';
  return (isHome ? (home ?? there) : (there ?? home)) ?? 'XX';
}

function goodsLine(order: Order, line: OrderLine, country: string): InvoiceLine {
  const own = order.taxLines.filter(({ lineId }) => lineId === line.id);
  const net = line.total - line.tax;
  const isVoucher = own.some(({ taxClass }) => taxClass === VOUCHER.taxClass);
  const details = line.variantTitle === null ? '' : `, ${line.variantTitle}`;
  return {
    ...amounts(order, { total: line.total, tax: line.tax, discount: line.discount }),
    ...taxesOf(order, own, { net, tax: line.tax }, country),
    id: line.id,
    title: `${line.title}${details}`,
    sku: line.sku,
    quantity: paidPieces(line).toString(),
    unit: PIECE,
    unitPrice: Money.of(line.unitPrice, order.currency).toJSON(),
    revenue: isVoucher ? 'voucher' : 'sales',
    period: null,
    explain: null,
  };
}

/** One line for each class that shipping is taxed by; what several levy on the same stays one. */
function shippingLines(order: Order, country: string): InvoiceLine[] {
  const own = order.taxLines.filter(({ lineId }) => lineId === null);
  const off = shippingDiscountOf(order.discounts);
  const tax = own.reduce((sum, { amount }) => sum + amount, 0n);
  const charged = order.shipping - off;
  const net = order.pricesIncludeTax ? charged - tax : charged;
  if (order.shipping === 0n && net === 0n && tax === 0n) return [];
  const isSplit = own.length > 1 && own.reduce((sum, { base }) => sum + base, 0n) === net;
  const groups = isSplit ? own.map((one) => [one]) : [own];
  const discounts = Money.of(off, order.currency).split(groups.map((taxes) => taxes[0]?.base ?? 0n));
  return groups.map((taxes, index): InvoiceLine => {
    const part = isSplit ? (taxes[0]?.base ?? 0n) : net;
    const partTax = taxes.reduce((sum, { amount }) => sum + amount, 0n);
    const discount = discounts[index]?.amount ?? 0n;
    const priced = amounts(order, { total: part + partTax, tax: partTax, discount });
    return {
      ...priced,
      ...taxesOf(order, taxes, { net: part, tax: partTax }, country),
      id: `shipping:${taxes[0]?.taxClass ?? 'standard'}`,
      title: order.shippingTitle ?? 'Shipping',
      sku: null,
      quantity: '1',
      unit: PIECE,
      unitPrice: priced.price,
      revenue: 'shipping',
      period: null,
      explain: isSplit ? 'Shipping is taxed in proportion to the goods that it carries.' : null,
    };
  });
}

function amounts(
  { currency, pricesIncludeTax }: Order,
  { total, tax, discount }: Record<'total' | 'tax' | 'discount', bigint>,
): Pick<InvoiceLine, 'price' | 'discount' | 'net' | 'tax' | 'total'> {
  const json = (amount: bigint) => Money.of(amount, currency).toJSON();
  const net = total - tax;
  return {
    price: json((pricesIncludeTax ? total : net) + discount),
    discount: json(discount),
    net: json(net),
    tax: json(tax),
    total: json(total),
  };
}

function taxesOf(
  order: Order,
  own: readonly OrderTaxLine[],
  { net, tax }: { net: bigint; tax: bigint },
  country: string,
): Pick<InvoiceLine, 'taxes' | 'category' | 'ratePpm'> {
  const none = { taxClass: '', title: 'No tax', ratePpm: 0, jurisdiction: null, base: net, amount: tax };
  const rows = own.length > 0 ? own : [none];
  const taxes = rows.map((row): InvoiceTax => {
    const { category, reason } = categoryOf(order, row);
    return {
      category,
      reason,
      ratePpm: row.ratePpm,
      title: row.title,
      jurisdiction: row.jurisdiction ?? country,
      base: Money.of(rows.length === 1 ? net : row.base, order.currency).toJSON(),
      amount: Money.of(row.amount, order.currency).toJSON(),
    };
  });
  const category = taxes.find((one) => one.category === 'S')?.category ?? taxes[0]?.category ?? 'Z';
  return { taxes, category, ratePpm: rows.reduce((sum, { ratePpm }) => sum + ratePpm, 0) };
}

function categoryOf(
  { taxation }: Order,
  { taxClass, ratePpm, amount, title }: Pick<OrderTaxLine, 'taxClass' | 'ratePpm' | 'amount' | 'title'>,
): Pick<InvoiceTax, 'category' | 'reason'> {
  const treatment = taxation?.treatment ?? 'taxed';
  if (taxClass === VOUCHER.taxClass) return { category: 'E', reason: VOUCHER_REASON };
  if (treatment !== 'taxed') return { category: UNTAXED[treatment], reason: taxation?.note ?? title };
  return { category: ratePpm > 0 || amount !== 0n ? 'S' : 'Z', reason: null };
}

const UNTAXED = { reverse_charge: 'AE', exempt: 'E', export: 'G' } as const;
