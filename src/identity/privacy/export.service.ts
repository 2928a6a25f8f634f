import { Injectable } from '@nestjs/common';
import { type Actor, actorId } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Config } from '../../platform/config.js';
import { Database } from '../../platform/database/database.js';
import { Cursors, type Page } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { newId } from '../../platform/ids.js';
import { SubjectKeys } from '../../platform/personal-data/subject-keys.js';
import { AccountRepository } from '../account/account.repository.js';
import { normalizeEmail } from '../account/sign-in.service.js';
import { ExportRepository, type ExportRow } from './export.repository.js';
import { guestHash, guestPlace } from './guest-address.js';
import type { ExportDto } from './privacy.dto.js';

/** Copies of what is kept about somebody: asked for here, collected by a job, and sent to nobody but the person. */
@Injectable()
export class ExportService {
  private readonly guestKey: Buffer;

  constructor(
    private readonly database: Database,
    private readonly exports: ExportRepository,
    private readonly accounts: AccountRepository,
    private readonly keys: SubjectKeys,
    private readonly cursors: Cursors,
    private readonly audit: Audit,
    config: Config,
  ) {
    this.guestKey = config.key('guest-requests');
  }

  /** Of an account; the one that is under way, if there is one. */
  async ask(accountId: string, actor: Actor): Promise<ExportDto> {
    return this.database.transaction(async () => {
      const id = newId();
      await this.keys.create(accountId);
      const made = await this.exports.insert({
        id,
        subjectId: accountId,
        guest: null,
        requestedBy: by(actor),
      });
      if (made) this.note(id, actor);
      return this.underWay(accountId, null);
    });
  }

  /** On behalf of a customer. The letter goes to the customer, never to staff. */
  async askFor(customerId: string, actor: Actor): Promise<ExportDto> {
    await this.requireCustomer(customerId);
    return this.ask(customerId, actor);
  }

  /** For the owner of an address, who need not have an account. */
  async askForAddress(address: string, actor: Actor): Promise<ExportDto> {
    const email = normalizeEmail(address);
    const account = await this.accounts.byEmail(email);
    if (account) return this.askFor(account.id, actor);
    const hash = guestHash(this.guestKey, email);
    return this.database.transaction(async () => {
      const id = newId();
      await this.keys.create(id);
      const sealed = await this.keys.seal(id, guestPlace('exports', id), email);
      const guest = { email: sealed, hash };
      const made = await this.exports.insert({ id, subjectId: id, guest, requestedBy: by(actor) });
      // Sealed with a key that nothing else needs.
      if (made) this.note(id, actor);
      else await this.keys.destroy(id);
      return this.underWay(null, hash);
    });
  }

  async list(subjectId: string, limit: number, cursor: string | undefined): Promise<Page<ExportDto>> {
    const list = `exports:${subjectId}`;
    const [after = null] = this.cursors.decode(list, cursor) ?? [];
    const rows = await this.exports.list(subjectId, after as string | null, limit + 1);
    const { items, nextCursor } = this.cursors.page(list, rows, limit, ({ id }) => [id]);
    return { items: items.map(shown), nextCursor };
  }

  async listOf(customerId: string, limit: number, cursor: string | undefined): Promise<Page<ExportDto>> {
    await this.requireCustomer(customerId);
    return this.list(customerId, limit, cursor);
  }

  /** Somebody else's is as unknown as none. Of somebody without an account the export is its own subject. */
  async get(id: string, subjectId: string): Promise<ExportDto> {
    const row = await this.exports.find(id, subjectId);
    if (!row) throw platformProblems.not_found();
    return shown(row);
  }

  private async underWay(subjectId: string | null, hash: Buffer | null): Promise<ExportDto> {
    const row = await this.exports.running(subjectId, hash);
    // It was finished in this very moment; whoever asks again gets another.
    if (!row) throw platformProblems.conflict();
    return shown(row);
  }

  private async requireCustomer(id: string): Promise<void> {
    const account = await this.accounts.byId(id);
    if (account?.kind !== 'customer') throw platformProblems.not_found();
  }

  private note(subjectId: string, actor: Actor): void {
    this.audit.record({ actor, action: 'identity.export.asked', subjectType: 'export', subjectId });
  }
}

const by = (actor: Actor): string => actorId(actor) ?? 'nobody';

const shown = ({ id, state, requestedAt, isOwn, readyAt, linkUntil }: ExportRow): ExportDto => ({
  id,
  state,
  requestedAt: requestedAt.toISOString(),
  requestedBy: isOwn ? 'owner' : 'staff',
  readyAt: readyAt?.toISOString() ?? null,
  linkUntil: linkUntil?.toISOString() ?? null,
});
