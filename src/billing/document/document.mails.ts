import { defineMail } from '../../platform/mail/templates.js';
import type { DocumentWish } from './documents.service.js';

/** What the letter says, and what is drawn to go with it; forgotten when it is sent. */
export interface DocumentLetter extends DocumentWish {
  readonly name: string;
  readonly number: string;
  readonly orderNumber: string | null;
  readonly total: string;
  /** Null: nothing is left to be paid. */
  readonly due: string | null;
  readonly dueDate: string | null;
  /** It is charged to a method that is kept: nobody has to pay it by hand. */
  readonly charged: boolean;
  /** Where it is paid without signing in; null: not by a link of this letter. */
  readonly url: string | null;
}

export const documentMail = defineMail<DocumentLetter>(
  'billing_document',
  ({ kind, name, number, orderNumber, total, due, dueDate, charged, url }) => {
    const what = kind === 'invoice' ? 'invoice' : 'credit note';
    const order = orderNumber === null ? '' : ` for your order ${orderNumber}`;
    return {
      subject: `Your ${what} ${number}`,
      paragraphs: [
        `Hello ${name},`,
        `with this letter comes your ${what} ${number}${order}, ${total}.`,
        ...(kind === 'invoice' && due === null ? ['It is paid; there is nothing left to be done.'] : []),
        ...(due === null || charged ? [] : [`Please pay ${due}${dueDate === null ? '' : ` by ${dueDate}`}.`]),
        ...(url === null ? [] : ['You can pay it here at any time, without signing in:', url]),
        ...(due !== null && charged
          ? [`You need not do anything: ${due} are charged to the payment method that you keep with us.`]
          : []),
      ],
    };
  },
);
