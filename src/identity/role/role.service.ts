import { Injectable } from '@nestjs/common';
import { AccessCheck } from '../../platform/access/access.check.js';
import { type Actor, may } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Database } from '../../platform/database/database.js';
import { requireVersion } from '../../platform/http/etag.js';
import { Cursors, type Page, type PageQuery } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { ApiKeyAccess } from '../api-key/api-key-access.service.js';
import { identityProblems } from '../identity.errors.js';
import { ImpersonationRepository } from '../impersonation/impersonation.repository.js';
import { SessionService } from '../session/session.service.js';
import type { CreateRoleDto, PermissionsDto, RoleDto, UpdateRoleDto } from './role.dto.js';
import { RoleRepository, type RoleView } from './role.repository.js';

type Versioned = RoleDto & { version: number };

/** Named sets of permissions. Nobody puts into one, and gives by one, what he has not himself. */
@Injectable()
export class RoleService {
  constructor(
    private readonly database: Database,
    private readonly roles: RoleRepository,
    private readonly check: AccessCheck,
    private readonly sessions: SessionService,
    private readonly impersonations: ImpersonationRepository,
    private readonly keys: ApiKeyAccess,
    private readonly cursors: Cursors,
    private readonly audit: Audit,
  ) {}

  permissions(): PermissionsDto {
    return { items: this.check.permissions() };
  }

  async list({ cursor, limit }: PageQuery): Promise<Page<RoleDto>> {
    const [after = null] = this.cursors.decode('roles', cursor) ?? [];
    const rows = await this.roles.list(after as string | null, limit + 1);
    return this.cursors.page(
      'roles',
      rows.map(({ version: _version, ...role }) => role),
      limit,
      ({ code }) => [code],
    );
  }

  async get(code: string): Promise<Versioned> {
    const role = await this.roles.view(code);
    if (!role) throw platformProblems.not_found();
    return role;
  }

  async create({ code, title, permissions }: CreateRoleDto, actor: Actor): Promise<Versioned> {
    const wanted = this.grantable(permissions, [], actor);
    return this.database.transaction(async () => {
      if (!(await this.roles.insert({ code, title, permissions: wanted })))
        throw platformProblems.conflict('There is a role of that code.', {
          errors: [{ pointer: '/code', code: 'taken', message: 'is taken' }],
        });
      this.note('created', code, actor, { permissions: wanted });
      return this.get(code);
    });
  }

  /** Whoever has the role may do so at once in this process, and within a second in the others. */
  async update(code: string, input: UpdateRoleDto, version: number | null, actor: Actor): Promise<Versioned> {
    return this.database.transaction(async () => {
      const role = await this.changeable(code, version);
      const permissions =
        input.permissions === undefined
          ? role.permissions
          : this.grantable(input.permissions, role.permissions, actor);
      await this.roles.update({ code, title: input.title ?? role.title, permissions });
      this.note('updated', code, actor, { from: role.permissions, permissions });
      await this.forget();
      return this.get(code);
    });
  }

  async delete(code: string, version: number | null, actor: Actor): Promise<void> {
    await this.database.transaction(async () => {
      const { members, permissions } = await this.changeable(code, version);
      if (members > 0) throw identityProblems.role_in_use(`${members} people have it.`);
      await this.roles.delete(code);
      this.note('deleted', code, actor, { permissions });
    });
  }

  /**
   * Refuses roles that do not exist (422) and such as permit more than the actor may himself (403): `*` is only had by
   * whoever may do everything. In the caller's transaction, until whose end the roles stay as they are.
   */
  async requireGrantable(codes: string[], actor: Actor): Promise<void> {
    const granted = await this.roles.permissionsOf(codes);
    if (granted.some(({ permissions }) => permissions.some((permission) => !may(actor, permission))))
      throw platformProblems.forbidden('A role permits more than you may do yourself.');
    const known = new Set(granted.map(({ code }) => code));
    const errors = codes.flatMap((code, at) =>
      known.has(code)
        ? []
        : [{ pointer: `/roles/${at}`, code: 'unknown_role', message: 'is a role that does not exist' }],
    );
    if (errors.length > 0) throw identityProblems.unknown_role(undefined, { errors });
  }

  /** What people and their keys may do has changed. In the caller's transaction. */
  async forget(): Promise<void> {
    await this.impersonations.endUnentitled();
    this.sessions.forgetAll();
    this.keys.forget();
  }

  private async changeable(code: string, version: number | null): Promise<RoleView> {
    const role = await this.roles.lock(code);
    if (!role) throw platformProblems.not_found();
    requireVersion(version, role.version);
    if (role.builtIn) throw identityProblems.role_built_in();
    return role;
  }

  /** In order and each once; what was in the role before may stay, whoever changes it. */
  private grantable(permissions: string[], before: string[], actor: Actor): string[] {
    const wanted = [...new Set(permissions)].sort();
    requireKnown(this.check, '/permissions', permissions);
    const missing = wanted.filter((permission) => !before.includes(permission) && !may(actor, permission));
    if (missing.length > 0)
      throw platformProblems.forbidden(`You may not do this yourself: ${missing.join(', ')}.`);
    return wanted;
  }

  private note(what: string, subjectId: string, actor: Actor, details: object): void {
    this.audit.record({ actor, action: `identity.role.${what}`, subjectType: 'role', subjectId, details });
  }
}

/** Says where those stand that no operation asks for: what was sent is not sent back. */
export function requireKnown(check: AccessCheck, pointer: string, permissions: readonly string[]): void {
  const unknown = check.unknown(permissions);
  const errors = permissions.flatMap((permission, at) =>
    unknown.includes(permission)
      ? [{ pointer: `${pointer}/${at}`, code: 'unknown_permission', message: 'is asked for by no operation' }]
      : [],
  );
  if (errors.length > 0) throw identityProblems.unknown_permission(undefined, { errors });
}
