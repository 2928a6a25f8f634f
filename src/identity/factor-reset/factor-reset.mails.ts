import { defineMail } from '../../platform/mail/templates.js';

export const factorResetAskedMail = defineMail('factor_reset_asked', ({ url }: { url: string }) => ({
  subject: 'Your second factor will be removed in three days',
  paragraphs: [
    'You, or somebody who says to be you, told us that every second factor of your account is lost. In 72 hours we remove your authenticator app, your passkeys and your recovery codes; your password stays.',
    'If you did not ask for this, stop it with this link, or simply sign in with your second factor.',
  ],
  action: { label: 'Stop it', url },
}));

export const factorResetDoneMail = defineMail('factor_reset_done', () => ({
  subject: 'Your second factor was removed',
  paragraphs: [
    'Authenticator app, passkeys and recovery codes of your account were removed, and you were signed out everywhere. From now on your password alone opens it.',
    'Please sign in and add a second factor again. If you did not ask for this, set a new password now and write to us at once.',
  ],
}));
