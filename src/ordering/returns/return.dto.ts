import {
  Bool,
  Instant,
  Integer,
  ListOf,
  Nested,
  OneOf,
  Paragraphs,
  Text,
  Url,
  Uuid,
  UuidList,
} from '../../platform/http/fields.js';
import { InstantRange, PageQuery } from '../../platform/http/page.js';
import { CONDITIONS, RETURN_REASONS, RETURN_STATES } from './return.js';

const unset = { optional: true, nullable: true } as const;

export class ReturnParams {
  @Uuid()
  id: string;
}

export class AskedLineDto {
  @Uuid()
  lineId: string;

  @Integer({ min: 1, max: 999, example: 1 })
  quantity: number;

  @OneOf(RETURN_REASONS, { example: 'does_not_fit' })
  reason: string;
}

export class AskForReturnDto {
  @ListOf(() => AskedLineDto, { min: 1, max: 100 })
  lines: AskedLineDto[];

  @Paragraphs({ max: 1000, ...unset, example: 'A size too small.' })
  comment?: string | null;
}

export class ReturnLineDto extends AskedLineDto {
  @Text({ max: 100, example: 'TOTE-NAT' })
  sku: string;

  @Text({ max: 500 })
  title: string;

  @Integer({ min: 0, max: 999, description: 'Pieces that came back, or are known to be missing.' })
  received: number;
}

export class ReceiptDto {
  @Uuid()
  lineId: string;

  @OneOf(CONDITIONS)
  condition: string;

  @Integer({ min: 1, max: 999 })
  quantity: number;

  @Text({
    max: 60,
    nullable: true,
    description: 'Code of the location where it can be sold again; null: it cannot.',
  })
  restockedAt: string | null;

  @Instant()
  at: string;
}

export class OrderReturnDto {
  @Uuid()
  id: string;

  @Text({ max: 30, example: '501', description: 'What people call it; it belongs on the parcel.' })
  number: string;

  @Uuid()
  orderId: string;

  @Text({ max: 30, example: '1001' })
  orderNumber: string;

  @OneOf(RETURN_STATES, {
    description:
      '`requested` → `approved` or `declined` → `received`, when all of it came or is missed → `settled` by a change of the ' +
      'order. `canceled` by who asked.',
  })
  state: string;

  @OneOf(['shopper', 'staff'])
  askedBy: string;

  @Text({ max: 1000, nullable: true })
  comment: string | null;

  @Text({
    max: 1000,
    nullable: true,
    description: 'What the buyer was answered: why not, or how to send it.',
  })
  answer: string | null;

  @Url({ nullable: true, description: 'The label to print, when there is one.' })
  labelUrl: string | null;

  @Uuid({ nullable: true, description: 'The change of the order that settled it.' })
  changeId: string | null;

  @Instant()
  createdAt: string;

  @Instant({ nullable: true })
  decidedAt: string | null;

  @Instant({ nullable: true })
  receivedAt: string | null;

  @Instant({ nullable: true })
  settledAt: string | null;

  @Integer({ min: 1, max: 2 ** 31 })
  version: number;

  @ListOf(() => ReturnLineDto, { max: 100 })
  lines: ReturnLineDto[];

  @ListOf(() => ReceiptDto, { max: 1000 })
  receipts: ReceiptDto[];
}

export class ReturnQuery extends PageQuery {
  @OneOf(RETURN_STATES, { optional: true })
  state?: string;

  @Uuid({ optional: true })
  orderId?: string;

  @Text({ max: 18, pattern: /^[0-9]+$/, optional: true, example: '501' })
  number?: string;

  @Nested(() => InstantRange, { optional: true, description: 'createdAt[gte]=…&createdAt[lte]=…' })
  createdAt?: InstantRange;
}

export class ApproveReturnDto {
  @Paragraphs({
    max: 1000,
    ...unset,
    example: 'Put the number on the parcel and bring it to any post office.',
  })
  answer?: string | null;

  @Url({
    ...unset,
    description: 'The label to print: where the PDF is that your carrier has made. It may be put on later.',
  })
  labelUrl?: string | null;
}

export class DeclineReturnDto {
  @Paragraphs({ max: 1000, example: 'It was worn.' })
  answer: string;
}

export class LabelDto {
  @Url({ description: 'Where the label is read.' })
  labelUrl: string;
}

export class ReceivedLineDto {
  @Uuid()
  lineId: string;

  @Integer({ min: 1, max: 999, example: 1 })
  quantity: number;

  @OneOf(CONDITIONS, { example: 'new', description: '`missing`: it was not in the parcel.' })
  condition: string;

  @Text({
    max: 60,
    ...unset,
    example: 'main',
    description: 'Code of the location where it can be sold again. Null or left out: it cannot.',
  })
  restockAt?: string | null;
}

export class ReceiveReturnDto {
  @ListOf(() => ReceivedLineDto, { min: 1, max: 300 })
  lines: ReceivedLineDto[];

  @Bool({ optional: true, description: 'Nothing more will come: what is left is missing.' })
  complete?: boolean;
}

export class ReturnSettingsDto {
  @Integer({
    min: 0,
    max: 3650,
    example: 30,
    description: 'Days from the arrival of the parcel on in which buyers may ask; 0: only staff may.',
  })
  windowDays: number;

  @Bool({ description: 'Requests within the rule need nobody to approve them.' })
  approveAtOnce: boolean;

  @UuidList({ max: 1000, description: 'Products that are final once they are sold.' })
  excludedProducts: string[];
}

export class ReturnSettingsViewDto extends ReturnSettingsDto {
  @Integer({ min: 1, max: 2 ** 31 })
  version: number;
}
