import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createTransport, type Transporter } from 'nodemailer';
import type { Config } from '../config.js';
import { makeFolder } from '../folder.js';
import { type Letter, Mailer } from './mailer.port.js';

/** Sends by SMTP_URL. */
export class SmtpMailer extends Mailer {
  private readonly transport: Transporter;

  constructor(url: string) {
    super();
    this.transport = createTransport({
      url,
      pool: true,
      maxConnections: 4,
      connectionTimeout: 10_000,
      socketTimeout: 20_000,
    } as object);
  }

  async send(letter: Letter): Promise<void> {
    await this.transport.sendMail(envelope(letter));
  }
}

/** Writes letters to DATA_DIR/mail, one `.eml` each; what a development store does instead of sending. */
export class FileMailer extends Mailer {
  private readonly transport = createTransport({ streamTransport: true, buffer: true, newline: 'unix' });

  constructor(private readonly folder: string) {
    super();
  }

  async send(letter: Letter): Promise<void> {
    const { message } = await this.transport.sendMail(envelope(letter));
    makeFolder(this.folder);
    const name = letter.messageId.replace(/[<>]/g, '').split('@')[0] ?? 'letter';
    // Written aside and renamed: whoever reads the folder never meets half a letter, and a second try is the same file.
    const file = join(this.folder, `${name}.eml`);
    await writeFile(`${file}.part`, message as Buffer);
    await rename(`${file}.part`, file);
  }
}

/** The recipient as one address: as text it would be read as a list of them. */
const envelope = ({ attachments, ...letter }: Letter) => ({
  ...letter,
  to: { name: '', address: letter.to },
  attachments: attachments.map(({ name, type, bytes }) => ({
    filename: name,
    contentType: type,
    content: bytes,
  })),
});

export function mailerOf(config: Config): Mailer {
  return config.smtpUrl === null
    ? new FileMailer(join(config.dataDir, 'mail'))
    : new SmtpMailer(config.smtpUrl);
}
