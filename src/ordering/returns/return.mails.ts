import { defineMail, type MailContent } from '../../platform/mail/templates.js';
import type { ReturnState } from './return.js';

/** What the letters about a return need to know: plain data, kept until the letter is sent. */
export interface ReturnLetter {
  number: string;
  orderNumber: string;
  greeting: string;
  /** What it is about, a line each. */
  contents: string;
  answer: string | null;
  labelUrl: string | null;
}

const letter = (
  state: ReturnState,
  subject: (of: ReturnLetter) => string,
  says: (of: ReturnLetter) => string[],
  action: (of: ReturnLetter) => MailContent['action'] = () => undefined,
) =>
  defineMail<ReturnLetter>(`return_${state}`, (of) => {
    const button = action(of);
    return {
      subject: subject(of),
      paragraphs: [of.greeting, ...says(of)],
      ...(button && { action: button }),
    };
  });

const said = ({ answer }: ReturnLetter): string[] => (answer === null ? [] : [answer]);

/** A letter for each step; of what is settled the change of the order writes. */
export const RETURN_MAILS: Readonly<Partial<Record<ReturnState, { name: string }>>> = {
  requested: letter(
    'requested',
    ({ number }) => `Your return ${number}`,
    (of) => [
      `you want to send this back, of your order ${of.orderNumber}:`,
      of.contents,
      `It is your return ${of.number}. You will hear from us soon; please keep the goods until then.`,
    ],
  ),
  approved: letter(
    'approved',
    ({ number }) => `Please send back your return ${number}`,
    (of) => [
      `you can send this back to us, of your order ${of.orderNumber}:`,
      of.contents,
      `Please put the number ${of.number} on the parcel.`,
      ...said(of),
    ],
    ({ labelUrl }) => (labelUrl === null ? undefined : { label: 'Print the label', url: labelUrl }),
  ),
  declined: letter(
    'declined',
    ({ number }) => `Your return ${number} is declined`,
    (of) => [`we do not take this back, of your order ${of.orderNumber}:`, of.contents, ...said(of)],
  ),
  received: letter(
    'received',
    ({ number }) => `Your return ${number} has arrived`,
    (of) => [`your return ${of.number} has arrived. We look at it and write to you again.`],
  ),
  canceled: letter(
    'canceled',
    ({ number }) => `Your return ${number} is canceled`,
    (of) => [`your return ${of.number} is canceled; you keep what you have.`],
  ),
};
