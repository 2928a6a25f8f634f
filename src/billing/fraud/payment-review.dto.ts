import {
  Instant,
  Integer,
  ListOf,
  MoneyDto,
  MoneyField,
  OneOf,
  Paragraphs,
  Text,
  Uuid,
} from '../../platform/http/fields.js';
import { PageQuery } from '../../platform/http/page.js';
import { FiredRuleDto } from './fraud-simulation.dto.js';
import { type PaymentReview, REVIEW_STATES, type ReviewState } from './payment-review.repository.js';

export class PaymentReviewDto {
  @Uuid()
  paymentId: string;

  @Uuid({ nullable: true })
  orderId: string | null;

  @Uuid({ nullable: true })
  customerId: string | null;

  @Text({
    max: 100,
    example: 'screening',
    description:
      '`screening`: a rule wants a person to look; `amount_mismatch` or `currency_mismatch`: other money came.',
  })
  reason: string;

  @OneOf(REVIEW_STATES, {
    example: 'open',
    description:
      '`expired`: nobody decided while the money was held; `withdrawn`: the order was canceled meanwhile.',
  })
  state: ReviewState;

  @MoneyField({ description: 'What is owed.' })
  amount: MoneyDto;

  @MoneyField({ description: 'What was taken; zero while it is only held.' })
  captured: MoneyDto;

  @ListOf(() => FiredRuleDto, { max: 1000, description: 'The rules that hold for the attempt.' })
  fired: FiredRuleDto[];

  @Integer({
    min: 0,
    max: 100,
    nullable: true,
    example: 75,
    description: 'As the gateway says; 100 is the worst.',
  })
  risk: number | null;

  @Instant()
  openedAt: string;

  @Instant({
    nullable: true,
    description: 'When what is held is let go and the payment ends; null: the money is there.',
  })
  expiresAt: string | null;

  @Text({ max: 1000, nullable: true, example: null })
  note: string | null;

  @Uuid({ nullable: true, example: null })
  decidedBy: string | null;

  @Instant({ nullable: true, example: null })
  decidedAt: string | null;

  static from(review: PaymentReview): PaymentReviewDto {
    const { paymentId, orderId, customerId, reason, state, risk, note, decidedBy } = review;
    return {
      ...{ paymentId, orderId, customerId, reason, state },
      amount: review.amount.toJSON(),
      captured: review.captured.toJSON(),
      fired: review.fired.map((each) => FiredRuleDto.from(each)),
      risk,
      openedAt: review.openedAt.toISOString(),
      expiresAt: review.expiresAt?.toISOString() ?? null,
      note,
      decidedBy,
      decidedAt: review.decidedAt?.toISOString() ?? null,
    };
  }
}

export class PaymentReviewQuery extends PageQuery {
  @OneOf(REVIEW_STATES, { optional: true, description: '`open` when left out.' })
  state?: ReviewState;
}

export class DecidePaymentReviewDto {
  @Paragraphs({
    max: 1000,
    optional: true,
    example: 'Called the customer: it is a gift.',
    description: 'Why; for staff.',
  })
  note?: string;
}
