import { defineMail } from '../../platform/mail/templates.js';
import type { Order, OrderLine } from '../order/order.js';
import { nameOf, type OrderLetter, orderLetter } from '../order/order.mails.js';
import { isSent } from '../order/order.statuses.js';
import type { Fulfilment } from './fulfilment.js';

/** What the letters about a fulfilment need to know. Letters that wait since before may lack what is optional. */
export interface ParcelLetter extends OrderLetter {
  sent: string;
  tracking: string;
  trackingUrl: string | null;
  /** Of several parcels the others: a line each. */
  moreTracking?: string;
  /** What has not left yet; empty when that was all. */
  later?: string;
}

export const shippedMail = defineMail<ParcelLetter>('order_shipped', (parcel) => ({
  subject: `Your order ${parcel.number} is on its way`,
  paragraphs: [
    parcel.greeting,
    `this has left us, for your order ${parcel.number}:`,
    parcel.sent,
    ...(parcel.tracking === '' ? [] : [`Tracking: ${parcel.tracking}`]),
    ...(parcel.moreTracking ? [`It comes in several parcels:\n${parcel.moreTracking}`] : []),
    ...(parcel.later ? [`Still to come, in a parcel of its own:\n${parcel.later}`] : []),
    `It goes to:\n${parcel.address}`,
  ],
  ...(parcel.trackingUrl !== null && { action: { label: 'Follow it', url: parcel.trackingUrl } }),
}));

export const deliveredMail = defineMail<ParcelLetter>('order_delivered', (parcel) => ({
  subject: `Your order ${parcel.number} has arrived`,
  paragraphs: [
    parcel.greeting,
    `this has been delivered, for your order ${parcel.number}:`,
    parcel.sent,
    ...(parcel.later ? [`Still to come:\n${parcel.later}`] : []),
    'If you have not found it, ask your neighbours, and then write to us.',
  ],
}));

export function parcelLetter(order: Order, fulfilment: Fulfilment): ParcelLetter {
  const { carrier, parcels, lines } = fulfilment;
  const sent = lines.flatMap(({ lineId, quantity }) => {
    const line = order.lines.find(({ id }) => id === lineId);
    return line ? [`${quantity} × ${nameOf(line)}`] : [];
  });
  const [first, ...others] = parcels.filter(({ trackingNumber }) => trackingNumber !== null);
  return {
    ...orderLetter(order),
    sent: sent.join('\n'),
    tracking: [carrier, first?.trackingNumber ?? null].filter((part) => part !== null).join(' '),
    trackingUrl: first?.trackingUrl ?? parcels[0]?.trackingUrl ?? null,
    moreTracking: others
      .map(({ trackingNumber, trackingUrl }) =>
        [trackingNumber, trackingUrl].filter((part) => part !== null).join(' '),
      )
      .join('\n'),
    later: order.lines.filter(isSent).flatMap(laterOf).join('\n'),
  };
}

function laterOf(line: OrderLine): string[] {
  const pieces = line.quantity - line.fulfilled;
  if (pieces === 0) return [];
  const day = line.promisedFor === null ? '' : `, expected on ${line.promisedFor.toISOString().slice(0, 10)}`;
  return [`${pieces} × ${nameOf(line)}${day}`];
}
