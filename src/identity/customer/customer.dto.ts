import {
  Instant,
  Email,
  Integer,
  ListOf,
  Nested,
  OneOf,
  Text,
  TextList,
  Uuid,
  PersonName,
} from '../../platform/http/fields.js';
import { InstantRange, PageQuery } from '../../platform/http/page.js';
import { AccountDto, Locale, Phone } from '../account/account.dto.js';
import { BookAddressDto } from '../address/address-book.dto.js';
import { ConsentDto, ConsentRecordDto } from '../consent/consent.dto.js';
import { FactorResetDto } from '../factor-reset/factor-reset.dto.js';
import { GroupCode } from '../group/group.dto.js';

const name = (example: string) => PersonName({ max: 100, optional: true, nullable: true, example });

export class CustomerParams {
  @Uuid()
  id: string;
}

export class CustomerGroupParams extends CustomerParams {
  @GroupCode()
  code: string;
}

export class CustomerSessionParams extends CustomerParams {
  @Uuid()
  sessionId: string;
}

export class CustomerDto extends AccountDto {
  @TextList({ max: 100, maxLength: 60, example: ['wholesale'], description: 'Codes of customer groups.' })
  groups: string[];

  @Instant({
    nullable: true,
    description: 'When the account will be erased, if that was asked for and not taken back.',
  })
  erasesAt: string | null;
}

export const CUSTOMER_SORTS = ['-createdAt', 'createdAt'] as const;
export type CustomerSort = (typeof CUSTOMER_SORTS)[number];

export class CustomerQuery extends PageQuery {
  @Text({
    max: 100,
    blank: true,
    optional: true,
    description:
      'Words, each of them the beginning of a name, of the e-mail address or of its domain, in either case. Two ' +
      'letters at least, unless that is all there is; the first twenty of each count.',
  })
  q?: string;

  @Email({ optional: true, description: 'Exact address.' })
  email?: string;

  @OneOf(['active', 'disabled'], { optional: true })
  status?: string;

  @GroupCode({ optional: true, description: 'Those who are in the group of this code.' })
  group?: string;

  @Nested(() => InstantRange, { optional: true, description: 'createdAt[gte]=…&createdAt[lte]=…' })
  createdAt?: InstantRange;

  @OneOf(CUSTOMER_SORTS, { optional: true, description: '`-createdAt` unless told otherwise.' })
  sort?: CustomerSort;
}

class CustomerCountsDto {
  @Integer({ min: 0, max: 50 })
  addresses: number;

  @Integer({ min: 0, max: 50, description: 'Places where the customer is signed in.' })
  sessions: number;
}

class StaffConsentDto extends ConsentDto {
  @Text({
    max: 2048,
    description: 'To be put into letters about offers: whoever follows it withdraws, without signing in.',
  })
  withdrawalUrl: string;

  @ListOf(() => ConsentRecordDto, { max: 100, description: 'The proof, the newest first.' })
  history: ConsentRecordDto[];
}

/** All that staff see of a customer. */
export class CustomerDetailDto extends CustomerDto {
  @Text({ max: 40, nullable: true })
  phone: string | null;

  @Text({ max: 35, nullable: true })
  locale: string | null;

  @ListOf(() => BookAddressDto, { max: 50 })
  addresses: BookAddressDto[];

  @Nested(() => StaffConsentDto)
  marketingConsent: StaffConsentDto;

  @Nested(() => FactorResetDto, {
    nullable: true,
    description: 'The removal of all second factors that was asked for and waits, or null.',
  })
  factorReset: FactorResetDto | null;

  @Nested(() => CustomerCountsDto)
  counts: CustomerCountsDto;

  @Integer({ min: 1, max: 2 ** 31 - 1 })
  version: number;
}

export class CreateCustomerDto {
  @Email({ example: 'charles@example.test' })
  email: string;

  @name('Charles')
  firstName?: string | null;

  @name('Babbage')
  lastName?: string | null;

  @Phone()
  phone?: string | null;

  @Locale()
  locale?: string | null;

  @TextList({
    max: 20,
    maxLength: 60,
    optional: true,
    example: ['wholesale'],
    description: 'Codes of customer groups.',
  })
  groups?: string[];
}

export class UpdateCustomerDto {
  @name('Charles')
  firstName?: string | null;

  @name('Babbage')
  lastName?: string | null;

  @Phone()
  phone?: string | null;

  @Locale()
  locale?: string | null;

  @OneOf(['active', 'disabled'], {
    optional: true,
    description: '`disabled` ends every session and refuses each sign-in.',
    example: 'active',
  })
  status?: 'active' | 'disabled';
}
