import { defineMail } from '../../platform/mail/templates.js';
import type { PaymentView } from '../../billing/billing.api.js';
import { Money } from '../../platform/money/money.js';
import type { Address } from '../../platform/address/address.js';
import { type Order, totalOf } from './order.js';

/** What the letters about an order need to know: plain data, kept until the letter is sent. */
export interface OrderLetter {
  number: string;
  greeting: string;
  /** Empty when nothing is sent. */
  address: string;
  /** Names of files, without an address that would open them. */
  downloads: string;
  contents: string;
  sums: string;
  /** What was paid by what; empty when nothing was to be paid. Absent in letters from before it was told. */
  paidBy?: string;
  total: string;
  shipping: string;
  /** Where it is fetched; empty when it is not. Left out of letters that were queued before there were such points. */
  pickup?: string;
  paid: boolean;
}

export const confirmationMail = defineMail<OrderLetter>('order_confirmation', (order) => ({
  subject: `Your order ${order.number}`,
  paragraphs: [
    order.greeting,
    `thank you for your order ${order.number}. We have received your payment.`,
    order.contents,
    order.sums,
    ...(order.paidBy ? [`Paid by:\n${order.paidBy}`] : []),
    ...(order.downloads === '' ? [] : [`Ready to be downloaded with your order:\n${order.downloads}`]),
    ...(order.address === ''
      ? []
      : [
          `We send it (${order.shipping}) to:\n${order.address}`,
          'You will hear from us again when it leaves.',
        ]),
    ...(order.pickup ? [`You fetch it (${order.shipping}) at:\n${order.pickup}`] : []),
  ],
}));

export const cancellationMail = defineMail<OrderLetter>('order_canceled', (order) => ({
  subject: `Your order ${order.number} is canceled`,
  paragraphs: [
    order.greeting,
    `your order ${order.number} is canceled; nothing of it will be sent.`,
    order.contents,
    order.paid
      ? `You get back what you paid, ${order.total}. Your bank may take a few days to show it.`
      : 'You were not charged.',
  ],
}));

/** `payments`: all of the order; none where it is not told what paid for it. */
export function orderLetter(order: Order, payments: readonly PaymentView[] = []): OrderLetter {
  const money = (amount: bigint) => Money.of(amount, order.currency).toString();
  return {
    number: order.number,
    greeting: greetingOf(order),
    address:
      order.shippingAddress && order.fulfilmentStatus !== 'not_required'
        ? addressLines(order.shippingAddress).join('\n')
        : '',
    downloads: order.lines
      .flatMap(({ download }) => (download?.files ?? []).map(({ name }) => name))
      .join('\n'),
    contents: order.lines
      .filter(({ quantity }) => quantity > 0)
      .map((line) => {
        const price = money(line.unitPrice * BigInt(line.quantity));
        return `${line.quantity} × ${nameOf(line)} (${line.sku}): ${price}`;
      })
      .join('\n'),
    sums: [
      ...(order.shippingTitle === null ? [] : [`Shipping: ${money(order.shipping)}`]),
      ...discountsByTitle(order).map(([title, amount]) => `${title}: ${money(-amount)}`),
      `${order.pricesIncludeTax ? 'Tax included' : 'Tax'}: ${money(order.tax)}`,
      `Total: ${money(order.total)}`,
    ].join('\n'),
    paidBy: payments.flatMap(paidBy).join('\n'),
    total: totalOf(order).toString(),
    shipping: order.shippingTitle ?? '',
    pickup: pickupLines(order),
    paid: ['paid', 'partially_refunded', 'refunded', 'overcharged'].includes(order.paymentStatus),
  };
}

const paidBy = ({ status, kind, last4, amount, captured }: PaymentView): string[] => {
  if (status !== 'captured' && status !== 'authorized') return [];
  const what =
    kind === 'gift_card' ? `Gift card ••••${last4}` : kind === 'store_credit' ? 'Store credit' : 'Card';
  return [`${what}: ${(status === 'captured' ? captured : amount).toString()}`];
};

export function greetingOf({ shippingAddress, billingAddress }: Order): string {
  const who = shippingAddress ?? billingAddress;
  return who ? `Hello ${who.firstName},` : 'Hello,';
}

/** What each promotion took off in all, in the order in which they were applied. */
function discountsByTitle({ discounts }: Order): [title: string, amount: bigint][] {
  const sums = new Map<string, [string, bigint]>();
  for (const { promotionId, title, amount } of discounts)
    sums.set(promotionId, [title, amount + (sums.get(promotionId)?.[1] ?? 0n)]);
  return [...sums.values()].filter(([, amount]) => amount > 0n);
}

export const nameOf = ({ title, variantTitle }: Order['lines'][number]): string =>
  variantTitle === null || variantTitle === '' || variantTitle === title
    ? title
    : `${title}, ${variantTitle}`;

function pickupLines({ shippingDetails }: Order): string {
  const point = shippingDetails?.pickupPoint;
  if (!point) return '';
  const { line1, line2, postalCode, city } = point.address;
  const town = [postalCode, city].filter((part) => part !== null).join(' ');
  return [point.name, line1, line2, town, point.openingHours].filter((line) => line !== null).join('\n');
}

/** As it is written on an envelope. */
export const addressLines = (to: Address): string[] =>
  [
    `${to.firstName} ${to.lastName}`,
    to.company,
    to.line1,
    to.line2,
    [to.postalCode, to.city].filter((part) => part !== null).join(' '),
    to.region,
    to.country,
  ].filter((line): line is string => line !== null && line !== '');
