import { Injectable } from '@nestjs/common';
import type { PersonActor } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Database } from '../../platform/database/database.js';
import { requireVersion } from '../../platform/http/etag.js';
import { platformProblems } from '../../platform/http/problem.js';
import { SessionDto } from '../session/session.dto.js';
import { SessionService } from '../session/session.service.js';
import { ConsentService } from '../consent/consent.service.js';
import { AccountRepository } from './account.repository.js';
import type { MeDto, UpdateMeDto } from './me.controller.js';

type Me = MeDto & { version: number };

/** What people may see and change of their own account. */
@Injectable()
export class ProfileService {
  constructor(
    private readonly database: Database,
    private readonly accounts: AccountRepository,
    private readonly sessionsOf: SessionService,
    private readonly consents: ConsentService,
    private readonly audit: Audit,
  ) {}

  async get(id: string): Promise<Me> {
    const [account, marketingConsent] = await Promise.all([
      this.accounts.byId(id),
      this.consents.present(id),
    ]);
    // Erased, and its session not yet over.
    if (!account) throw platformProblems.unauthorized();
    const { email, firstName, lastName, phone, locale, version, createdAt } = account;
    const who = { id, email, emailVerified: account.isVerified, firstName, lastName, phone, locale };
    return { ...who, marketingConsent, createdAt: createdAt.toISOString(), version };
  }

  async update(
    actor: PersonActor,
    { marketingConsent, ...profile }: UpdateMeDto,
    version: number | null,
    ip: string,
  ): Promise<Me> {
    return this.database.transaction(async () => {
      const account = await this.accounts.lock(actor.id);
      if (!account) throw platformProblems.not_found();
      requireVersion(version, account.version);
      account.describe(profile);
      await this.accounts.save(account);
      this.audit.record({
        actor,
        action: 'identity.account.updated',
        subjectType: 'account',
        subjectId: actor.id,
        details: { fields: Object.keys(profile) },
      });
      if (marketingConsent)
        await this.consents.declare(actor, actor.id, marketingConsent, ip, '/marketingConsent');
      return this.get(actor.id);
    });
  }

  async sessions(actor: PersonActor): Promise<SessionDto[]> {
    return (await this.sessionsOf.list(actor.id)).map((row) => SessionDto.from(row, actor.sessionId));
  }

  /** 404 when it is over already or somebody else's. */
  async revoke(actor: PersonActor, id: string): Promise<void> {
    await this.database.transaction(async () => {
      if (!(await this.sessionsOf.revokeOwn(id, actor.id))) throw platformProblems.not_found();
      this.noteEnd('ended', actor, { sessionId: id });
    });
  }

  /** All but the session of the request. */
  async revokeOthers(actor: PersonActor): Promise<void> {
    await this.database.transaction(async () => {
      await this.sessionsOf.revokeAllOf(actor.id, 'by_owner', actor.sessionId);
      this.noteEnd('others_ended', actor);
    });
  }

  private noteEnd(what: string, actor: PersonActor, details?: object): void {
    this.audit.record({
      actor,
      action: `identity.session.${what}`,
      subjectType: 'account',
      subjectId: actor.id,
      ...(details && { details }),
    });
  }
}
