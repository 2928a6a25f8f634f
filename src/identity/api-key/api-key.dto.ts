import { Instant, Integer, OneOf, Text, TextList, Uuid } from '../../platform/http/fields.js';
import { PageQuery } from '../../platform/http/page.js';

const STATES = ['active', 'expired', 'revoked'] as const;

export class ApiKeyDto {
  @Uuid({ description: 'Also the `client_id` of `POST /v1/oauth/token`.' })
  id: string;

  @Text({ max: 100 })
  name: string;

  @Text({ max: 40, example: 'sk_live_AZM7XnsKfD6cHy8cWmt9jg', description: 'How the key begins; no secret.' })
  prefix: string;

  @Uuid({ description: 'Who made it: the key may do nothing that this person may not.' })
  creatorId: string;

  @TextList({ max: 200, maxLength: 100 })
  scopes: string[];

  @TextList({ max: 20, maxLength: 50, description: 'From where it may be used; empty: from everywhere.' })
  networks: string[];

  @OneOf(STATES)
  state: string;

  @Instant()
  createdAt: string;

  @Instant({ nullable: true })
  rotatedAt: string | null;

  @Instant({ nullable: true, description: 'Until then the secret before the last rotation goes on.' })
  overlapUntil: string | null;

  @Instant()
  expiresAt: string;

  @Instant({ nullable: true, description: 'To the minute.' })
  lastUsedAt: string | null;

  @Instant({ nullable: true })
  revokedAt: string | null;
}

export class NewApiKeyDto extends ApiKeyDto {
  @Text({ max: 100, description: 'The key itself: it is shown this once.' })
  key: string;
}

export class ApiKeyQuery extends PageQuery {
  @Uuid({ optional: true, description: 'Made by this person.' })
  creatorId?: string;

  @OneOf(STATES, { optional: true })
  state?: string;
}

export class CreateApiKeyDto {
  @Text({ max: 100, example: 'Stock from the warehouse' })
  name: string;

  @TextList({
    min: 1,
    max: 200,
    maxLength: 100,
    example: ['catalog:product:read', 'catalog:stock:write'],
    description: 'Permissions, as `GET /v1/admin/permissions` lists them; only such as you have yourself.',
  })
  scopes: string[];

  @TextList({
    max: 20,
    maxLength: 50,
    optional: true,
    description:
      'Addresses or networks such as `192.0.2.0/24` from which it may be used; from everywhere when empty.',
  })
  networks: string[] = [];

  @Integer({ min: 1, max: 365, default: 90, optional: true, description: 'How long it lives.' })
  expiresInDays: number = 90;
}

export class RotateApiKeyDto {
  @Integer({
    min: 0,
    max: 24,
    default: 24,
    optional: true,
    example: 1,
    description: 'Hours for which the old secret goes on beside the new one.',
  })
  overlapHours: number = 24;

  @Integer({ min: 1, max: 365, default: 90, optional: true, description: 'How long the new one lives.' })
  expiresInDays: number = 90;
}
