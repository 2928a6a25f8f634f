import { defineMail } from '../../platform/mail/templates.js';
import type { LetterKind } from './collection.entity.js';
import type { Bar } from './retry-rules.js';

/** What the letter needs; forgotten when it is sent. */
export interface DunningLetter {
  readonly kind: LetterKind;
  readonly number: string;
  readonly name: string;
  readonly amount: string;
  /** `visa •••• 4242`; null: there is none. */
  readonly card: string | null;
  /** Why it is not charged again by itself. */
  readonly bar: Bar | null;
  /** The day of the next attempt. */
  readonly nextAt: string | null;
  readonly url: string;
}

const SUBJECTS: Readonly<Record<LetterKind, (number: string) => string>> = {
  first_failure: (number) => `Your payment of invoice ${number} did not go through`,
  before_retry: (number) => `We are about to collect invoice ${number}`,
  last: (number) => `Last attempt: invoice ${number} is still to be paid`,
};

export const dunningMail = defineMail<DunningLetter>('dunning', (letter) => ({
  subject: SUBJECTS[letter.kind](letter.number),
  paragraphs: [
    `Hello ${letter.name},`,
    begin(letter),
    next(letter),
    'You can pay it here at any time, without signing in:',
    letter.url,
    'If you keep another payment method in your account, it is tried at once.',
  ].filter((text) => text !== ''),
}));

function begin({ kind, number, amount, card }: DunningLetter): string {
  const from = card === null ? '' : ` from ${card}`;
  switch (kind) {
    case 'first_failure':
      return `we could not collect ${amount} for invoice ${number}${from}.`;
    case 'before_retry':
      return `${amount} for invoice ${number} is still to be paid.`;
    case 'last':
      return `we could not collect ${amount} for invoice ${number}${from}, and do not try again by ourselves.`;
  }
}

function next({ kind, card, bar, nextAt }: DunningLetter): string {
  if (bar === 'authentication_required') return 'Your bank wants you to confirm this payment yourself.';
  if (bar === 'no_method') return 'You have no payment method with us that we could try.';
  if (bar !== null) return 'We do not try this payment method again, because your bank has refused it.';
  if (kind === 'last' || nextAt === null) return '';
  return kind === 'before_retry'
    ? `On ${nextAt} we try ${card ?? 'your payment method'} again.`
    : `We try again on ${nextAt}; nothing else is needed if there is enough in your account by then.`;
}
