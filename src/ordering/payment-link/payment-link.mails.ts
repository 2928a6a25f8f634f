import { defineMail } from '../../platform/mail/templates.js';

export interface PaymentLinkLetter {
  number: string;
  greeting: string;
  /** A line each. */
  contents: string;
  amount: string;
  until: string;
  /** The payment was declined after the buyer had gone. */
  declined?: boolean;
  url: string;
}

export const paymentLinkMail = defineMail<PaymentLinkLetter>('payment_link', (letter) => ({
  subject: `Pay for your order ${letter.number}`,
  paragraphs: [
    letter.greeting,
    ...(letter.declined ? ['your payment was declined in the end; you were not charged.'] : []),
    `${letter.amount} of your order ${letter.number} is to be paid, until ${letter.until}:`,
    letter.contents,
    letter.url,
    'Whoever has this link can pay with it and see what was ordered. A newer one takes its place.',
  ],
}));
