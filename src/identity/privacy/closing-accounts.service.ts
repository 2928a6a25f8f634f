import { Injectable } from '@nestjs/common';
import { type Actor, actorId, system } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Clock } from '../../platform/clock.js';
import { Mail } from '../../platform/mail/mail.js';
import { ErasureRepository, type ErasureRow } from './erasure.repository.js';
import { erasureCanceledMail } from './privacy.mails.js';

/** Accounts whose days of grace run: until they are over everything can be taken back. */
@Injectable()
export class ClosingAccounts {
  constructor(
    private readonly erasures: ErasureRepository,
    private readonly mail: Mail,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  /** Whoever has proved to be the owner and comes in wants the account. In the caller's transaction, which holds it. */
  async keep(account: { id: string; email: string }): Promise<void> {
    await this.cancel(account.id, account.email, system('identity'), false);
  }

  /** Some of what was known is erased already, and the rest will be. */
  async isBegun(accountId: string): Promise<boolean> {
    const open = await this.erasures.open(accountId, null);
    return open !== null && open.startedAt !== null;
  }

  /** In the caller's transaction: the erasure that is canceled, or null when none is open or it has begun. */
  async cancel(
    subjectId: string,
    email: string | null,
    actor: Actor,
    byStaff = true,
  ): Promise<ErasureRow | null> {
    const by = byStaff ? (actorId(actor) ?? 'nobody') : subjectId;
    const canceled = await this.erasures.cancel(subjectId, by, this.clock.now());
    if (!canceled) return null;
    const { id } = canceled;
    if (email !== null)
      await this.mail.request({
        template: erasureCanceledMail.name,
        subjectId: id,
        to: email,
        data: { byStaff },
      });
    this.audit.record({
      actor,
      action: 'identity.erasure.canceled',
      subjectType: canceled.isGuest ? 'erasure' : 'account',
      subjectId,
      details: { erasureId: id, because: byStaff ? 'staff' : 'signed_in' },
    });
    return canceled;
  }
}
