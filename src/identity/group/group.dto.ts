import { Instant, Integer, Text, Uuid } from '../../platform/http/fields.js';

export const GROUP_CODE = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;

/** The code of a group, as prices, promotions and filters know it. */
export const GroupCode = (options: { optional?: boolean; description?: string } = {}) =>
  Text({
    max: 60,
    pattern: GROUP_CODE,
    patternHint: 'must be small letters, digits and hyphens, such as wholesale',
    example: 'wholesale',
    ...options,
  });

export class GroupParams {
  @Uuid()
  id: string;
}

export class GroupDto {
  @Uuid()
  id: string;

  @GroupCode()
  code: string;

  @Text({ max: 100, example: 'Wholesale' })
  title: string;

  @Integer({ min: 1, max: 2 ** 31 - 1 })
  version: number;

  @Instant()
  createdAt: string;
}

export class CreateGroupDto {
  @GroupCode({ description: 'Stays: prices and promotions count on it.' })
  code: string;

  @Text({ max: 100, example: 'Wholesale' })
  title: string;
}

export class UpdateGroupDto {
  @Text({ max: 100, optional: true, example: 'Wholesale partners' })
  title?: string;
}
