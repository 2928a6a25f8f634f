import { Injectable } from '@nestjs/common';
import type { Actor } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Database, isForeignKeyViolation } from '../../platform/database/database.js';
import { requireVersion } from '../../platform/http/etag.js';
import { Cursors, type Page } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { newId } from '../../platform/ids.js';
import { AccountRepository } from '../account/account.repository.js';
import { identityProblems } from '../identity.errors.js';
import type { CreateGroupDto, GroupDto, UpdateGroupDto } from './group.dto.js';
import { type Group, GroupRepository } from './group.repository.js';

/** Customer groups. What changes of them reaches the customers who are signed in within a second. */
@Injectable()
export class GroupService {
  constructor(
    private readonly database: Database,
    private readonly groups: GroupRepository,
    private readonly accounts: AccountRepository,
    private readonly cursors: Cursors,
    private readonly audit: Audit,
  ) {}

  async page(limit: number, cursor: string | undefined): Promise<Page<GroupDto>> {
    const [after = null] = this.cursors.decode('customer-groups', cursor) ?? [];
    const rows = await this.groups.list(after as string | null, limit + 1);
    const { items, nextCursor } = this.cursors.page('customer-groups', rows, limit, ({ code }) => [code]);
    return { items: items.map(shown), nextCursor };
  }

  async get(id: string): Promise<GroupDto> {
    const group = await this.groups.find(id);
    if (!group) throw platformProblems.not_found();
    return shown(group);
  }

  create({ code, title }: CreateGroupDto, actor: Actor): Promise<GroupDto> {
    return this.database.transaction(async () => {
      const id = newId();
      if (!(await this.groups.insert(id, code, title)))
        throw platformProblems.conflict('There is a group of this code.', {
          errors: [{ pointer: '/code', code: 'taken', message: 'is taken' }],
        });
      this.note(actor, 'customer_group.created', 'customer_group', id, { code });
      return this.get(id);
    });
  }

  update(id: string, { title }: UpdateGroupDto, version: number | null, actor: Actor): Promise<GroupDto> {
    return this.database.transaction(async () => {
      const group = await this.held(id, version);
      await this.groups.retitle(id, title ?? group.title);
      this.note(actor, 'customer_group.updated', 'customer_group', id, { code: group.code });
      return this.get(id);
    });
  }

  /** Only while nobody is in it. */
  async delete(id: string, version: number | null, actor: Actor): Promise<void> {
    try {
      await this.database.transaction(async () => {
        const { code } = await this.held(id, version);
        await this.groups.delete(id);
        this.note(actor, 'customer_group.deleted', 'customer_group', id, { code });
      });
    } catch (error) {
      if (isForeignKeyViolation(error, 'customer_group_members_group_fk'))
        throw identityProblems.group_in_use();
      throw error;
    }
  }

  /** Being in already changes nothing. */
  async join(accountId: string, code: string, actor: Actor): Promise<void> {
    await this.moving(accountId, code, 'joined', actor, (groupId) => this.groups.join(accountId, [groupId]));
  }

  /** Not being in changes nothing. */
  async leave(accountId: string, code: string, actor: Actor): Promise<void> {
    await this.moving(accountId, code, 'left', actor, (groupId) => this.groups.leave(accountId, groupId));
  }

  /** In the caller's transaction, for a new customer; 422 when a code is of no group. */
  async start(accountId: string, codes: readonly string[]): Promise<void> {
    const known = await this.groups.known(codes);
    const names = new Set(known.map(({ code }) => code));
    const errors = codes.flatMap((code, index) =>
      names.has(code)
        ? []
        : [{ pointer: `/groups/${index}`, code: 'unknown_group', message: 'is no group of this store' }],
    );
    if (errors.length > 0) throw identityProblems.unknown_group(undefined, { errors });
    await this.groups.join(
      accountId,
      known.map(({ id }) => id),
    );
  }

  /** The account is held first, so that its groups and its version change together. */
  private async moving(
    accountId: string,
    code: string,
    what: string,
    actor: Actor,
    move: (groupId: string) => Promise<number>,
  ): Promise<void> {
    await this.database.transaction(async () => {
      const account = await this.accounts.lock(accountId);
      const [group] = await this.groups.known([code]);
      if (account?.kind !== 'customer' || !group) throw platformProblems.not_found();
      if ((await move(group.id)) === 0) return;
      await this.accounts.save(account);
      this.note(actor, `customer.${what}_group`, 'account', accountId, { group: code });
    });
  }

  private async held(id: string, version: number | null): Promise<Group> {
    const group = await this.groups.lock(id);
    if (!group) throw platformProblems.not_found();
    requireVersion(version, group.version);
    return group;
  }

  private note(actor: Actor, what: string, subjectType: string, subjectId: string, details: object): void {
    this.audit.record({ actor, action: `identity.${what}`, subjectType, subjectId, details });
  }
}

const shown = ({ createdAt, ...group }: Group): GroupDto => ({
  ...group,
  createdAt: createdAt.toISOString(),
});
