import { Dictionary, Email, Instant, OneOf, Text, TextList, Uuid } from '../../platform/http/fields.js';

export const EXPORT_STATES = ['pending', 'running', 'ready', 'downloaded', 'expired'] as const;

export class ExportDto {
  @Uuid()
  id: string;

  @OneOf(EXPORT_STATES, {
    example: 'ready',
    description: '`ready`: the link was mailed and works once, until `linkUntil`.',
  })
  state: string;

  @Instant()
  requestedAt: string;

  @OneOf(['owner', 'staff'])
  requestedBy: string;

  @Instant({ nullable: true, description: 'When everything was collected.' })
  readyAt: string | null;

  @Instant({ nullable: true, description: 'When the link ends, and what was collected is deleted.' })
  linkUntil: string | null;
}

export const ERASURE_STATES = ['waiting', 'running', 'finished', 'canceled'] as const;

/** What the owner is told. */
export class ClosingDto {
  @Instant({
    description: 'Until then signing in cancels it. Later when something has to be finished first.',
  })
  erasesAt: string;

  @TextList({
    max: 100,
    maxLength: 300,
    example: ['Order 1001 is paid and not shipped yet.'],
    description: 'What has to be finished first; it is looked at again each day.',
  })
  hindrances: string[];
}

export class ErasureDto extends ClosingDto {
  @Uuid()
  id: string;

  @Uuid({ nullable: true, description: 'The account; null for somebody who has none.' })
  customerId: string | null;

  @OneOf(ERASURE_STATES, { example: 'waiting', description: '`running`: there is no way back any more.' })
  state: string;

  @Instant()
  requestedAt: string;

  @OneOf(['owner', 'staff'])
  requestedBy: string;

  @Text({ max: 500, nullable: true, description: 'In the words of staff; forgotten when it is finished.' })
  reason: string | null;

  @Instant({ nullable: true })
  finishedAt: string | null;
}

export class EraseCustomerDto {
  @Text({ max: 500, example: 'Asked for by telephone' })
  reason: string;
}

export class EraseGuestDto {
  @Email({ example: 'guest@example.test' })
  email: string;

  @Text({ max: 500, example: 'Asked for by letter' })
  reason: string;
}

export class ExportGuestDto {
  @Email({ example: 'guest@example.test' })
  email: string;
}

/** The file itself. */
export class ExportFileDto {
  @Uuid()
  exportId: string;

  @Instant()
  requestedAt: string;

  @Dictionary({
    values: 'any',
    description: 'What each module of the store keeps, by sections; times in UTC, amounts in minor units.',
    example: { identity: { account: [{ email: 'ada@example.test' }] } },
  })
  modules: object;
}

export class PrivacyParams {
  @Uuid()
  id: string;
}

export class ExportLinkParams {
  @Text({ min: 43, max: 43, pattern: /^[\w-]+$/, example: 'kq9X2r7yqg0u8mJ1Yw3b5Zc7dE9fG1hI3jK5lM7nO9p' })
  token: string;
}
