import { Injectable } from '@nestjs/common';
import { Config } from '../../platform/config.js';
import { Mail } from '../../platform/mail/mail.js';
import {
  changeEmailMail,
  customerInvitationMail,
  invitationMail,
  resetPasswordMail,
  verifyEmailMail,
} from '../account/account.mails.js';
import { type LinkPurpose, LinkRepository } from './link.repository.js';

interface LetterKind {
  purpose: LinkPurpose;
  template: string;
  path: string;
}

/** Letters with a link that works once, and where the links lead to. */
const LETTERS = {
  verification: { purpose: 'verify_email', template: verifyEmailMail.name, path: '/account/verify' },
  reset: { purpose: 'reset_password', template: resetPasswordMail.name, path: '/account/reset' },
  staffInvitation: { purpose: 'invitation', template: invitationMail.name, path: '/account/reset' },
  customerInvitation: {
    purpose: 'invitation',
    template: customerInvitationMail.name,
    path: '/account/reset',
  },
  emailChange: { purpose: 'change_email', template: changeEmailMail.name, path: '/account/email' },
} satisfies Record<string, LetterKind>;

export type LinkLetter = keyof typeof LETTERS;

@Injectable()
export class LinkLetters {
  constructor(
    private readonly links: LinkRepository,
    private readonly mail: Mail,
    private readonly config: Config,
  ) {}

  /** In the caller's transaction: makes the link, which ends an older one of its kind, and asks for the mail. */
  async send(letter: LinkLetter, accountId: string, to: string): Promise<void> {
    const { purpose, template, path } = LETTERS[letter];
    const { token, id } = await this.links.make(purpose, accountId, to);
    const url = `${this.config.publicUrl}${path}?token=${token}`;
    await this.mail.request({ template, subjectId: id, to, data: { url } });
  }
}
