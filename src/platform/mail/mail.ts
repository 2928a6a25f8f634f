import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Config } from '../config.js';
import { Database } from '../database/database.js';
import { Outbox } from '../events/outbox.js';
import { newId } from '../ids.js';
import { MailAttachments } from './attachments.js';
import { MailRequested } from './mail.events.js';
import { Mailer } from './mailer.port.js';
import { renderMail } from './templates.js';

export interface MailRequest {
  /** Name of a template that `defineMail` declared. */
  template: string;
  /** What it is about (an order, a link): one mail goes out per template and subject. */
  subjectId: string;
  to: string;
  /** What the template needs; kept until the mail is sent. */
  data: object;
}

interface MailRow {
  id: string;
  template: string;
  recipient: string;
  data: object;
  message_id: string;
}

/**
 * Mails that go out once. SMTP has a gap that nobody can close (the other side took the letter, and we died before we
 * could write it down), so the promise is: exactly one distinct letter. A second copy has the same Message-ID.
 */
@Injectable()
export class Mail {
  constructor(
    private readonly database: Database,
    private readonly outbox: Outbox,
    private readonly mailer: Mailer,
    private readonly attachments: MailAttachments,
    private readonly config: Config,
  ) {}

  /** Asks for a mail in the running transaction; repeating it for the same subject does nothing. */
  async request({ template, subjectId, to, data }: MailRequest): Promise<void> {
    const id = newId();
    const made = await this.database.execute(REQUEST, [
      id,
      template,
      subjectId,
      to,
      JSON.stringify(data),
      this.messageId(template, subjectId),
    ]);
    if (made === 1) this.outbox.record(new MailRequested({ mailId: id }));
  }

  /** Sends what was asked for; for the worker. Not in a transaction: it talks to the outside. */
  async send(id: string): Promise<void> {
    if (this.database.inTransaction) throw new Error('a mail cannot be sent inside a transaction');
    const [row] = await this.database.query<MailRow>(LEASE, [id]);
    // Sent already, or somebody else has the lease: then it is his to finish, and the sweeper asks again if he dies.
    if (!row) return this.refuseWhileLeased(id);
    const { subject, text, html } = renderMail(row.template, row.data, this.config.shopName);
    const letter = {
      from: this.config.mailFrom,
      to: row.recipient,
      subject,
      text,
      html,
      messageId: row.message_id,
    };
    try {
      const attachments = await this.attachments.of(row.template, row.data);
      await this.mailer.send({ ...letter, attachments }).catch((error: unknown) => {
        throw new MailNotTaken(error);
      });
    } catch (error) {
      await this.database.execute(RELEASE, [id]);
      throw error;
    }
    await this.database.execute(SENT, [id]);
  }

  private async refuseWhileLeased(id: string): Promise<void> {
    const [row] = await this.database.query<{ state: string }>(
      'SELECT state FROM platform.mails WHERE id = $1',
      [id],
    );
    if (row?.state === 'sending') throw new Error('another worker is sending this mail');
  }

  private messageId(template: string, subjectId: string): string {
    const host = new URL(this.config.publicUrl).hostname;
    return `<${createHash('sha256').update(`${template}\n${subjectId}`).digest('hex').slice(0, 40)}@${host}>`;
  }
}

/** The mail server did not take the letter. Its own words may hold the address, so only their kind is kept. */
class MailNotTaken extends Error {
  constructor(cause: unknown) {
    const { code, responseCode } = (cause ?? {}) as { code?: string; responseCode?: number };
    super(`the mail server did not take it (${responseCode ?? code ?? 'no answer'})`);
    this.name = 'MailNotTaken';
  }
}

const REQUEST = `
  INSERT INTO platform.mails (id, template, subject_id, recipient, data, message_id) VALUES ($1, $2, $3, $4, $5, $6)
  ON CONFLICT ON CONSTRAINT mails_once_key DO NOTHING`;
const LEASE = `
  UPDATE platform.mails SET state = 'sending', lease_until = now() + interval '60 s'
  WHERE id = $1 AND (state = 'pending' OR (state = 'sending' AND lease_until < now()))
  RETURNING id, template, recipient, data, message_id`;
const RELEASE = `UPDATE platform.mails SET state = 'pending', lease_until = NULL WHERE id = $1 AND state = 'sending'`;
const SENT = `
  UPDATE platform.mails SET state = 'sent', sent_at = now(), lease_until = NULL, recipient = '', data = '{}' WHERE id = $1`;
