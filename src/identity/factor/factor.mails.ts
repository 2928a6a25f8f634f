import { defineMail } from '../../platform/mail/templates.js';

const NOT_YOU =
  'If that was not you, somebody is in your account: set a new password now and look at the list of your sessions.';

/** What may come beside a password. */
const NAMES = { totp: 'An authenticator app', passkey: 'A passkey' } as const;

export type Factor = keyof typeof NAMES;

export const factorAddedMail = defineMail('factor_added', ({ factor }: { factor: Factor }) => ({
  subject: `${NAMES[factor]} was added to your account`,
  paragraphs: [
    `${NAMES[factor]} was added to your account. From now on your password alone does not open it.`,
    NOT_YOU,
  ],
}));

export const factorRemovedMail = defineMail('factor_removed', ({ factor }: { factor: Factor }) => ({
  subject: `${NAMES[factor]} was removed from your account`,
  paragraphs: [`${NAMES[factor]} does not open your account any more.`, NOT_YOU],
}));

export const recoveryCodesMadeMail = defineMail('recovery_codes_made', () => ({
  subject: 'You have new recovery codes',
  paragraphs: ['New recovery codes were made for your account; the old ones open nothing any more.', NOT_YOU],
}));

/** So few codes, and their owner is told to make new ones. */
const FEW = 3;

const remaining = (left: number): string => {
  if (left === 0) return 'No recovery code is left';
  return left === 1 ? 'Only one recovery code is left' : `Only ${left} recovery codes are left`;
};

export const recoveryCodeUsedMail = defineMail('recovery_code_used', ({ left }: { left: number }) => ({
  subject: left <= FEW ? remaining(left) : 'A recovery code of yours was used',
  paragraphs: [
    'One of your recovery codes was just used in the place of your second factor.',
    left <= FEW ? `${remaining(left)}: please make new ones.` : `${left} are left.`,
    NOT_YOU,
  ],
}));
