import { Instant, Integer, ListOf, Text } from '../../platform/http/fields.js';
import type { AccountMapping } from './account-mapping.js';

export class MappedAccountDto {
  @Text({
    max: 200,
    example: 'assets:ar',
    description: 'An account, or a kind of them as `chart` of `GET /v1/admin/ledger/accounts` has it.',
  })
  account: string;

  @Text({ max: 9, pattern: /^[1-9]\d{2,8}$/, patternHint: 'must be 3 to 9 digits', example: '1400' })
  number: string;

  @Text({
    max: 4,
    pattern: /^\d{1,4}$/,
    patternHint: 'must be 1 to 4 digits',
    optional: true,
    nullable: true,
    example: '40',
    description: 'The tax key of rows with it, such as the one that turns an automatic account off.',
  })
  taxKey?: string | null;
}

export class AccountMappingInput {
  @Integer({ min: 1001, max: 9_999_999, example: 1001 })
  consultantNumber: number;

  @Integer({ min: 1, max: 99_999, example: 1 })
  clientNumber: number;

  @Integer({ min: 1, max: 12, example: 1, description: 'The month in which the year of the books begins.' })
  fiscalYearMonth: number;

  @Integer({ min: 4, max: 8, example: 4, description: 'Digits of an account at the accountant.' })
  accountLength: number;

  @Text({
    max: 2,
    pattern: /^\d\d$/,
    patternHint: 'must be 2 digits',
    optional: true,
    nullable: true,
    example: '03',
    description: 'The standard chart of the accountant.',
  })
  chart?: string | null;

  @ListOf(() => MappedAccountDto, { max: 500, description: 'Each account once.' })
  accounts: MappedAccountDto[];
}

export class AccountMappingDto extends AccountMappingInput {
  @Integer({ min: 0, max: Number.MAX_SAFE_INTEGER, description: '0: nobody has said anything yet.' })
  version: number;

  @Instant({ nullable: true })
  updatedAt: string | null;

  static from(of: { mapping: AccountMapping; version: number; updatedAt: Date | null }): AccountMappingDto {
    const { accounts, ...rest } = of.mapping;
    return {
      ...rest,
      accounts: accounts.map((each) => ({ ...each })),
      version: of.version,
      updatedAt: of.updatedAt?.toISOString() ?? null,
    };
  }
}
