import { defineMail } from '../../platform/mail/templates.js';

/** A period that became no order. */
export interface MissedLetter {
  readonly periodStart: string;
  /** What is in the way, a line each. */
  readonly reasons: string;
}

export const missedMail = defineMail<MissedLetter>('subscription_missed', ({ periodStart, reasons }) => ({
  subject: 'Your regular order could not be placed',
  paragraphs: [
    'Hello,',
    `the order of your subscription for ${periodStart} could not be placed, and nothing was charged:`,
    reasons,
    'The next one is placed on its day, as usual. You can change what is in it in your account.',
  ],
}));
