import { Injectable } from '@nestjs/common';
import { Mail } from '../../platform/mail/mail.js';
import type { Money } from '../../platform/money/money.js';
import { ERASED_EMAIL } from '../../platform/personal-data/erased.js';
import type { Order } from '../order/order.js';
import { greetingOf, nameOf } from '../order/order.mails.js';
import { paymentLinkMail } from './payment-link.mails.js';

/** Letters with a link to pay. */
@Injectable()
export class PaymentLinkLetters {
  constructor(private readonly mail: Mail) {}

  /** In the caller's transaction: to whoever ordered, unless they were erased. */
  async write(
    order: Order,
    link: { id: string; expiresAt: Date },
    url: string,
    due: Money,
    declined: boolean,
  ): Promise<void> {
    if (order.email === ERASED_EMAIL) return;
    await this.mail.request({
      template: paymentLinkMail.name,
      subjectId: link.id,
      to: order.email,
      data: {
        ...{ number: order.number, greeting: greetingOf(order), amount: due.toString(), url },
        contents: order.lines.map((line) => `${line.quantity} × ${nameOf(line)}`).join('\n'),
        declined,
        until: `${link.expiresAt.toISOString().slice(0, 16).replace('T', ' ')} UTC`,
      },
    });
  }
}
