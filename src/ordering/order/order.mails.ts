import { Money } from '../../platform/money/money.js';
import type { Address } from '../cart/address.dto.js';
import { type Fulfilment, type Order, totalOf } from './order.js';

/** What the shop writes to the buyer: plain text that reads well everywhere. */
export interface Letter {
  subject: string;
  text: string;
}

export interface LetterHead {
  shopName: string;
  publicUrl: string;
}

export function confirmation(order: Order, shop: LetterHead): Letter {
  return {
    subject: `Your order ${order.number}`,
    text: letter(shop, order, [
      `thank you for your order ${order.number}. We have received your payment.`,
      contents(order),
      sums(order),
      `We send it by ${order.shippingTitle} to:\n${address(order.shippingAddress)}`,
      'You will hear from us again when it leaves.',
    ]),
  };
}

export function cancellation(order: Order, shop: LetterHead): Letter {
  const paid = ['paid', 'partially_refunded', 'refunded', 'overcharged'].includes(order.paymentStatus);
  return {
    subject: `Your order ${order.number} is canceled`,
    text: letter(shop, order, [
      `your order ${order.number} is canceled; nothing of it will be sent.`,
      contents(order),
      paid
        ? `You get back what you paid, ${totalOf(order)}. It may take your bank a few days to show it.`
        : 'You were not charged.',
    ]),
  };
}

export function shipped(order: Order, parcel: Fulfilment, shop: LetterHead): Letter {
  const sent = parcel.lines.flatMap(({ lineId, quantity }) => {
    const line = order.lines.find(({ id }) => id === lineId);
    return line ? [`  ${quantity} × ${nameOf(line)}`] : [];
  });
  const tracking = [parcel.carrier, parcel.trackingNumber].filter((part) => part !== null).join(' ');
  return {
    subject: `Your order ${order.number} is on its way`,
    text: letter(shop, order, [
      `this has left us today, for your order ${order.number}:`,
      sent.join('\n'),
      ...(tracking === '' ? [] : [`Tracking: ${tracking}`]),
      ...(parcel.trackingUrl === null ? [] : [parcel.trackingUrl]),
      `It goes to:\n${address(order.shippingAddress)}`,
    ]),
  };
}

const letter = ({ shopName, publicUrl }: LetterHead, order: Order, paragraphs: string[]): string =>
  [`Hello ${order.shippingAddress.firstName},`, ...paragraphs, `${shopName}\n${publicUrl}`].join('\n\n') +
  '\n';

const nameOf = ({ title, variantTitle }: Order['lines'][number]): string =>
  variantTitle === null || variantTitle === '' || variantTitle === title
    ? title
    : `${title}, ${variantTitle}`;

const contents = (order: Order): string =>
  order.lines
    .map(
      (line) => `  ${line.quantity} × ${nameOf(line)} (${line.sku})  ${Money.of(line.total, order.currency)}`,
    )
    .join('\n');

function sums(order: Order): string {
  const row = (label: string, amount: bigint) => `  ${label}  ${Money.of(amount, order.currency)}`;
  return [
    row('Shipping', order.shipping),
    ...(order.discount === 0n ? [] : [row('Discount', -order.discount)]),
    row(order.pricesIncludeTax ? 'Tax included' : 'Tax', order.tax),
    row('Total', order.total),
  ].join('\n');
}

function address(to: Address): string {
  return [
    `${to.firstName} ${to.lastName}`,
    to.company,
    to.line1,
    to.line2,
    [to.postalCode, to.city].join(' '),
    to.region,
    to.country,
  ]
    .filter((line) => line !== null)
    .map((line) => `  ${line}`)
    .join('\n');
}
