import { Injectable } from '@nestjs/common';
import { type Actor, actorId, type PersonActor } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Clock } from '../../platform/clock.js';
import { Config } from '../../platform/config.js';
import { Database } from '../../platform/database/database.js';
import { platformProblems } from '../../platform/http/problem.js';
import { newId } from '../../platform/ids.js';
import { Mail } from '../../platform/mail/mail.js';
import { PersonalDataRegistry } from '../../platform/personal-data/personal-data.registry.js';
import { SubjectKeys } from '../../platform/personal-data/subject-keys.js';
import type { Account } from '../account/account.entity.js';
import { AccountRepository } from '../account/account.repository.js';
import { normalizeEmail } from '../account/sign-in.service.js';
import { identityProblems } from '../identity.errors.js';
import { SessionService } from '../session/session.service.js';
import { ClosingAccounts } from './closing-accounts.service.js';
import { ErasureRepository, type ErasureRow } from './erasure.repository.js';
import { guestHash, guestPlace } from './guest-address.js';
import { accountClosingMail, guestErasureMail } from './privacy.mails.js';

/** For so long an erasure can be taken back. */
const GRACE_MS = 14 * 86_400_000;

/** Asking for somebody to be erased, and taking it back. What is done about it when the time has come: `ErasureRunner`. */
@Injectable()
export class ErasureService {
  private readonly guestKey: Buffer;

  constructor(
    private readonly database: Database,
    private readonly erasures: ErasureRepository,
    private readonly closing: ClosingAccounts,
    private readonly accounts: AccountRepository,
    private readonly sessions: SessionService,
    private readonly registry: PersonalDataRegistry,
    private readonly keys: SubjectKeys,
    private readonly mail: Mail,
    private readonly audit: Audit,
    private readonly clock: Clock,
    config: Config,
  ) {
    this.guestKey = config.key('guest-requests');
  }

  /** One's own account. Asked twice, the first one counts. */
  askByOwner(actor: PersonActor): Promise<ErasureRow> {
    return this.close(actor.id, null, actor);
  }

  /** On behalf of a customer, who is told. */
  askFor(customerId: string, reason: string, actor: Actor): Promise<ErasureRow> {
    return this.close(customerId, reason, actor);
  }

  /** For the owner of an address, who need not have an account. */
  async askForAddress(address: string, reason: string, actor: Actor): Promise<ErasureRow> {
    const email = normalizeEmail(address);
    const account = await this.accounts.byEmail(email);
    if (account) return this.close(account.id, reason, actor);
    const hash = guestHash(this.guestKey, email);
    return this.database.transaction(async () => {
      const present = await this.erasures.open(null, hash);
      if (present) return present;
      const id = newId();
      await this.keys.create(id);
      const sealed = await this.keys.seal(id, guestPlace('erasures', id), email);
      const hindrances = await this.registry.hindrances({ customerId: null, email });
      const guest = { email: sealed, hash };
      const made = await this.insert({ id, subjectId: id, guest, reason, hindrances }, actor);
      await this.mail.request({
        template: guestErasureMail.name,
        subjectId: id,
        to: email,
        data: { on: dayOf(made.dueAt), hindrances },
      });
      return made;
    });
  }

  /** Of an account: 404 when none is open, 409 when it has begun. The owner is told. */
  async cancel(customerId: string, actor: Actor): Promise<void> {
    await this.database.transaction(async () => {
      const account = await this.accounts.lock(customerId);
      if (await this.closing.cancel(customerId, account?.email ?? null, actor)) return;
      throw (await this.erasures.open(customerId, null))
        ? identityProblems.erasure_started()
        : platformProblems.not_found();
    });
  }

  /** Of anybody, by the id of the erasure. */
  async cancelById(id: string, actor: Actor): Promise<void> {
    const row = await this.erasures.find(id);
    if (!row) throw platformProblems.not_found();
    await this.database.transaction(async () => {
      await this.cancel(row.subjectId, actor);
      if (row.isGuest) await this.keys.destroy(row.subjectId);
    });
  }

  private async close(accountId: string, reason: string | null, actor: Actor): Promise<ErasureRow> {
    return this.database.transaction(async () => {
      const account = await this.accounts.lock(accountId);
      if (!account) throw platformProblems.not_found();
      if (account.kind === 'staff') throw identityProblems.staff_account();
      const present = await this.erasures.open(accountId, null);
      if (present) return present;
      const { email } = account;
      const hindrances = await this.registry.hindrances({ customerId: accountId, email });
      const made = await this.insert(
        { id: newId(), subjectId: accountId, guest: null, reason, hindrances },
        actor,
      );
      await this.sessions.revokeAllOf(accountId, 'closing');
      await this.tellOwner(account, made);
      return made;
    });
  }

  private async insert(
    asked: {
      id: string;
      subjectId: string;
      guest: { email: Buffer; hash: Buffer } | null;
      reason: string | null;
      hindrances: string[];
    },
    actor: Actor,
  ): Promise<ErasureRow> {
    const { id, subjectId, guest, reason, hindrances } = asked;
    const now = this.clock.now();
    await this.erasures.insert({
      ...{ id, subjectId, guest, reason, requestedAt: now, requestedBy: actorId(actor) ?? 'nobody' },
      dueAt: new Date(now.getTime() + GRACE_MS),
      hinderedBecause: hindrances,
    });
    const made = await this.erasures.find(id);
    // Two for one guest in the same moment: the other one counts.
    if (!made) throw platformProblems.conflict();
    this.audit.record({
      actor,
      action: 'identity.erasure.asked',
      subjectType: guest ? 'erasure' : 'account',
      subjectId,
      details: { erasureId: id },
    });
    return made;
  }

  private async tellOwner(
    { email }: Account,
    { id, dueAt, hinderedBecause, reason }: ErasureRow,
  ): Promise<void> {
    const data = { on: dayOf(dueAt), hindrances: hinderedBecause, byStaff: reason !== null };
    await this.mail.request({ template: accountClosingMail.name, subjectId: id, to: email, data });
  }
}

const dayOf = (at: Date): string => at.toISOString().slice(0, 10);
