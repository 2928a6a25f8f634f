import { Injectable } from '@nestjs/common';
import { AccessCheck } from '../../platform/access/access.check.js';
import { type Actor, may, type PersonActor } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Config } from '../../platform/config.js';
import { Database } from '../../platform/database/database.js';
import { Cursors, type Page } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { newId } from '../../platform/ids.js';
import { hashOf, newSecret } from '../../platform/secret.js';
import { requireKnown } from '../role/role.service.js';
import { ApiKeyAccess } from './api-key-access.service.js';
import type {
  ApiKeyDto,
  ApiKeyQuery,
  CreateApiKeyDto,
  NewApiKeyDto,
  RotateApiKeyDto,
} from './api-key.dto.js';
import { type KeyMode, prefixOf, writeKey } from './api-key.js';
import { ApiKeyRepository, type ApiKeyView } from './api-key.repository.js';
import { isNetwork } from './networks.js';

/** Keys of programs: made, shown once, given a new secret, ended. */
@Injectable()
export class ApiKeyService {
  private readonly mode: KeyMode;

  constructor(
    private readonly database: Database,
    private readonly keys: ApiKeyRepository,
    private readonly access: ApiKeyAccess,
    private readonly check: AccessCheck,
    private readonly cursors: Cursors,
    private readonly audit: Audit,
    config: Config,
  ) {
    this.mode = config.production ? 'live' : 'test';
  }

  async list({ creatorId = '', state = '', cursor, limit }: ApiKeyQuery): Promise<Page<ApiKeyDto>> {
    const list = `api-keys:${creatorId}:${state}`;
    const [after = null] = this.cursors.decode(list, cursor) ?? [];
    const rows = await this.keys.list(creatorId || null, state || null, after as string | null, limit + 1);
    return this.cursors.page(
      list,
      rows.map((row) => this.shown(row)),
      limit,
      ({ id }) => [id],
    );
  }

  async get(id: string): Promise<ApiKeyDto> {
    const key = await this.keys.view(id);
    if (!key) throw platformProblems.not_found();
    return this.shown(key);
  }

  /** Nobody makes a key that may do more than he may himself. */
  async create(input: CreateApiKeyDto, actor: PersonActor): Promise<NewApiKeyDto> {
    const { name, networks, expiresInDays: days } = input;
    const scopes = [...new Set(input.scopes)].sort();
    requireKnown(this.check, '/scopes', input.scopes);
    requireAll(actor, scopes);
    requireNetworks(networks);
    const [id, secret] = [newId(), newSecret()];
    return this.database.transaction(async () => {
      await this.keys.insert({ id, name, creatorId: actor.id, hash: hashOf(secret), scopes, networks, days });
      this.note('created', id, actor, { scopes, networks, days });
      return { ...(await this.get(id)), key: writeKey(this.mode, id, secret) };
    });
  }

  /** Whoever gets the new secret can do what the key may, so he must be allowed to do it himself. */
  async rotate(
    id: string,
    { overlapHours, expiresInDays }: RotateApiKeyDto,
    actor: PersonActor,
  ): Promise<NewApiKeyDto> {
    const secret = newSecret();
    return this.database.transaction(async () => {
      const key = await this.keys.lock(id);
      if (!key) throw platformProblems.not_found();
      requireAll(actor, key.scopes);
      if (key.state !== 'active') throw platformProblems.conflict(`The key is ${key.state}: make another.`);
      await this.keys.rotate(id, hashOf(secret), overlapHours, expiresInDays);
      this.note('rotated', id, actor, { overlapHours, days: expiresInDays });
      this.access.forget();
      return { ...(await this.get(id)), key: writeKey(this.mode, id, secret) };
    });
  }

  /** It ends at once in this process and within a second in the others; tokens that were got with it end too. */
  async revoke(id: string, actor: Actor): Promise<void> {
    await this.database.transaction(async () => {
      if (!(await this.keys.lock(id))) throw platformProblems.not_found();
      if (!(await this.keys.revoke(id))) return;
      this.note('revoked', id, actor);
      this.access.forget();
    });
  }

  /**
   * Ends every key of somebody who is disabled, in the caller's transaction. They do not come back with the account: nobody
   * would know any more which programs still hold one.
   */
  async revokeAllOf(creatorId: string, actor: Actor): Promise<void> {
    for (const id of await this.keys.revokeAllOf(creatorId))
      this.note('revoked', id, actor, { because: 'creator_disabled' });
    this.access.forget();
  }

  private note(what: string, subjectId: string, actor: Actor, details?: object): void {
    this.audit.record({
      actor,
      action: `identity.api_key.${what}`,
      subjectType: 'api_key',
      subjectId,
      ...(details && { details }),
    });
  }

  private shown({ createdAt, rotatedAt, overlapUntil, expiresAt, ...key }: ApiKeyView): ApiKeyDto {
    return {
      ...key,
      prefix: prefixOf(this.mode, key.id),
      createdAt: createdAt.toISOString(),
      rotatedAt: rotatedAt?.toISOString() ?? null,
      overlapUntil: overlapUntil?.toISOString() ?? null,
      expiresAt: expiresAt.toISOString(),
      lastUsedAt: key.lastUsedAt?.toISOString() ?? null,
      revokedAt: key.revokedAt?.toISOString() ?? null,
    };
  }
}

function requireAll(actor: PersonActor, scopes: string[]): void {
  const missing = scopes.filter((scope) => !may(actor, scope));
  if (missing.length > 0)
    throw platformProblems.forbidden(`You may not do this yourself: ${missing.join(', ')}.`);
}

function requireNetworks(networks: string[]): void {
  const errors = networks.flatMap((network, at) =>
    isNetwork(network)
      ? []
      : [{ pointer: `/networks/${at}`, code: 'is_network', message: 'must be an address or a network' }],
  );
  if (errors.length > 0) throw platformProblems.invalid_input('A network cannot be read.', { errors });
}
