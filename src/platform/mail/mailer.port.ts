/** A file that goes with a letter. */
export interface Attachment {
  name: string;
  /** Media type. */
  type: string;
  bytes: Buffer;
}

/** A letter as it goes out. */
export interface Letter {
  from: string;
  to: string;
  subject: string;
  text: string;
  html: string;
  /** The same for every try: a receiver that gets it twice can tell. */
  messageId: string;
  attachments: readonly Attachment[];
}

/** The way to the outside for mails: SMTP, or files when there is none. */
export abstract class Mailer {
  /** Resolves when the other side has taken the letter; throws when it has not, or when nobody knows. */
  abstract send(letter: Letter): Promise<void>;
}
