import { Injectable, Logger } from '@nestjs/common';
import { system } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Config } from '../../platform/config.js';
import { Database } from '../../platform/database/database.js';
import { failpoint } from '../../platform/failpoint.js';
import { newId } from '../../platform/ids.js';
import { Mail } from '../../platform/mail/mail.js';
import type { PersonalDataProvider, Subject } from '../../platform/personal-data/personal-data.js';
import { PersonalDataRegistry } from '../../platform/personal-data/personal-data.registry.js';
import { SubjectKeys } from '../../platform/personal-data/subject-keys.js';
import { hashOf, newSecret } from '../../platform/secret.js';
import { AccountRepository } from '../account/account.repository.js';
import { ExportRepository, type HeldExport } from './export.repository.js';
import { guestPlace } from './guest-address.js';
import { exportReadyMail } from './privacy.mails.js';

/** Where a page of a copy is sealed. */
export const partPlace = (exportId: string, module: string, ordinal: number): string =>
  `identity.export_parts|sealed|${exportId}/${module}/${ordinal}`;

/**
 * Collects copies, page by page, each committed by itself. A worker that dies is followed by another after a minute, which
 * goes on behind the last module that was collected to its end.
 */
@Injectable()
export class ExportRunner {
  private readonly log = new Logger('exports');

  constructor(
    private readonly database: Database,
    private readonly exports: ExportRepository,
    private readonly accounts: AccountRepository,
    private readonly registry: PersonalDataRegistry,
    private readonly keys: SubjectKeys,
    private readonly mail: Mail,
    private readonly audit: Audit,
    private readonly config: Config,
  ) {}

  /** All that wait. Any number of processes may do it at a time. */
  async run(): Promise<void> {
    const worker = newId();
    for (let held = await this.exports.claim(worker); held; held = await this.exports.claim(worker)) {
      try {
        await this.collect(held, worker);
      } catch (error) {
        // The next one tries it again when the hold is over; the others do not wait for it.
        this.log.warn({ err: error, exportId: held.id }, 'an export was not finished; it is tried again');
      }
    }
  }

  private async collect(held: HeldExport, worker: string): Promise<void> {
    const subject = await this.subjectOf(held);
    // The account is gone: what was asked for belongs to nobody any more.
    if (subject.email === null) return this.exports.giveUp(held.id, worker);
    for (const provider of this.registry.inTurn()) {
      if (held.done.includes(provider.name)) continue;
      if (!(await this.collectFrom(provider, subject, held, worker))) return;
      failpoint(`export.after_${provider.name}`);
    }
    await this.tell(held, subject.email, worker);
  }

  /** False when another worker has taken over. */
  private async collectFrom(
    provider: PersonalDataProvider,
    subject: Subject,
    { id, subjectId }: HeldExport,
    worker: string,
  ): Promise<boolean> {
    const step = (work: () => Promise<void>) =>
      this.database.transaction(async () => {
        if (!(await this.exports.hold(id, worker))) return false;
        await work();
        return true;
      });
    if (!(await step(() => this.exports.dropParts(id, provider.name)))) return false;
    let ordinal = 0;
    for await (const page of provider.collect(subject)) {
      const place = partPlace(id, provider.name, ordinal);
      const sealed = await this.keys.seal(subjectId, place, JSON.stringify(page));
      const part = { module: provider.name, ordinal, sealed };
      if (!(await step(() => this.exports.addPart(id, part)))) return false;
      failpoint('export.after_part');
      ordinal++;
    }
    return step(() => this.exports.finishModule(id, provider.name));
  }

  /** The token is nowhere but in the letter. */
  private async tell({ id }: HeldExport, email: string, worker: string): Promise<void> {
    const token = newSecret();
    await this.database.transaction(async () => {
      if (!(await this.exports.hold(id, worker))) return;
      await this.exports.makeReady(id, hashOf(token));
      await this.mail.request({
        template: exportReadyMail.name,
        subjectId: id,
        to: email,
        data: { url: `${this.config.publicUrl}/v1/exports/${token}` },
      });
      this.audit.record({
        actor: system('identity.exports'),
        action: 'identity.export.ready',
        subjectType: 'export',
        subjectId: id,
      });
    });
  }

  private async subjectOf({ id, subjectId, guestEmail }: HeldExport): Promise<Subject> {
    if (guestEmail)
      return {
        customerId: null,
        email: await this.keys.open(subjectId, guestPlace('exports', id), guestEmail),
      };
    const account = await this.accounts.byId(subjectId);
    return { customerId: subjectId, email: account?.email ?? null };
  }
}
