import { createHmac } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Config } from '../../platform/config.js';
import { SubjectKeys } from '../../platform/personal-data/subject-keys.js';
import type { InvoiceBuyer, InvoiceContent } from './invoice-content.js';

/** What of a document is kept in the clear. */
export type PublicContent = Omit<InvoiceContent, 'buyer' | 'shipTo'>;
export type People = Pick<InvoiceContent, 'buyer' | 'shipTo'>;

export interface SealedPeople {
  readonly people: Buffer;
  readonly contact: Buffer | null;
  readonly contactHash: Buffer | null;
}

/** A document as it is stored; `keyId` is the invoice that its key is of. */
export interface SealedPaper extends Pick<SealedPeople, 'people' | 'contact'> {
  readonly id: string;
  readonly keyId: string;
  readonly content: Omit<PublicContent, 'charged'> & Partial<Pick<PublicContent, 'charged'>>;
}

/** The people on documents: sealed with a key for each invoice, because the law wants them kept when the buyer is forgotten. */
@Injectable()
export class InvoicePapers {
  constructor(
    private readonly keys: SubjectKeys,
    private readonly config: Config,
  ) {}

  /** In the caller's transaction: the people of a new invoice, with a new key. */
  async seal(id: string, { buyer, shipTo }: People): Promise<SealedPeople> {
    await this.keys.create(id);
    const people = await this.sealPeople(id, id, { buyer, shipTo });
    const { email } = buyer;
    if (email === null) return { people, contact: null, contactHash: null };
    const contact = await this.keys.seal(id, `billing.invoices|contact|${id}`, email);
    const [hash = null] = this.hashesOf(email);
    return { people, contact, contactHash: hash };
  }

  /** The people of a credit note, with the key of its invoice. */
  sealPeople(keyId: string, id: string, { buyer, shipTo }: People): Promise<Buffer> {
    const withoutEmail: InvoiceBuyer = { ...buyer, email: null };
    return this.keys.seal(
      keyId,
      `billing.documents|people|${id}`,
      JSON.stringify({ buyer: withoutEmail, shipTo }),
    );
  }

  /** Documents as they were made, in their order. */
  async open(papers: readonly SealedPaper[]): Promise<InvoiceContent[]> {
    const people = await this.keys.openAll(
      papers.map(({ id, keyId, people: sealed }) => ({
        subjectId: keyId,
        place: `billing.documents|people|${id}`,
        sealed,
      })),
    );
    const known = papers.filter(({ contact }) => contact !== null);
    const emails = await this.keys.openAll(
      known.map(({ keyId, contact }) => ({
        subjectId: keyId,
        place: `billing.invoices|contact|${keyId}`,
        sealed: contact as Buffer,
      })),
    );
    const emailOf = new Map(known.map(({ id }, index) => [id, emails[index] ?? null]));
    return papers.map(({ id, content }, index) => {
      const { buyer, shipTo } = JSON.parse(people[index] ?? 'null') as People;
      // Those of before say nothing of it.
      return {
        ...content,
        charged: content.charged ?? false,
        buyer: { ...buyer, email: emailOf.get(id) ?? null },
        shipTo,
      };
    });
  }

  /** By which an address is found again; the first is written, the others were written before a change of SECRET_KEY. */
  hashesOf(email: string): Buffer[] {
    return this.config
      .keyRing('invoice-contacts')
      .map(({ key }) => createHmac('sha256', key).update(email.normalize('NFKC').toLowerCase()).digest());
  }
}
