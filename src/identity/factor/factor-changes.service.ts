import { Injectable } from '@nestjs/common';
import type { PersonActor } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { platformProblems } from '../../platform/http/problem.js';
import { newId } from '../../platform/ids.js';
import { Mail } from '../../platform/mail/mail.js';
import type { Account } from '../account/account.entity.js';
import { AccountRepository } from '../account/account.repository.js';
import { SessionService } from '../session/session.service.js';
import { type Factor, factorAddedMail, factorRemovedMail } from './factor.mails.js';
import { FactorRepository } from './factor.repository.js';

const LETTERS = { added: factorAddedMail, removed: factorRemovedMail };

/** What goes with every change of somebody's factors, in the transaction of the change. */
@Injectable()
export class FactorChanges {
  constructor(
    private readonly accounts: AccountRepository,
    private readonly factors: FactorRepository,
    private readonly sessions: SessionService,
    private readonly mail: Mail,
    private readonly audit: Audit,
  ) {}

  /** At the start of the transaction: one change of an account's factors at a time. */
  async lock(actor: PersonActor): Promise<Account> {
    const account = await this.accounts.lock(actor.id);
    if (!account) throw platformProblems.not_found();
    return account;
  }

  /** At its end: whether there is a second factor now, the letter to the owner, the trail. */
  async tell(
    factor: Factor,
    change: keyof typeof LETTERS,
    actor: PersonActor,
    { id, email }: Account,
    details?: object,
  ): Promise<void> {
    await this.factors.recount(id);
    // What this session must prove may be more or less than before.
    this.sessions.lookAfresh(actor.sessionId);
    const letter = { template: LETTERS[change].name, subjectId: newId(), to: email, data: { factor } };
    await this.mail.request(letter);
    const action = `identity.account.${factor}_${change}`;
    this.audit.record({ actor, action, subjectType: 'account', subjectId: id, ...(details && { details }) });
  }
}
