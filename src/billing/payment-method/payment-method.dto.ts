import {
  Bool,
  Instant,
  Integer,
  ListOf,
  Nested,
  OneOf,
  Text,
  Url,
  Uuid,
} from '../../platform/http/fields.js';
import { NextActionDto } from '../payment/payment.dto.js';
import { SETUP_STATUSES, type SetupStatus } from './method-setup.repository.js';
import type { SetupSeen } from './setup-outcomes.service.js';
import type { PaymentMethod } from './payment-method.js';

export class AddPaymentMethodDto {
  @Text({ max: 50, example: 'test', description: 'Code of the gateway; `test` in a sandbox.' })
  gateway: string;

  @Text({ max: 500, example: 'ok', description: 'What the gateway gave you in place of a card.' })
  token: string;

  @Url({ optional: true, nullable: true, description: 'Where the bank sends you back to.' })
  returnUrl?: string | null;

  @Bool({ optional: true, example: true, description: 'Whether it becomes the default; the first one does.' })
  makeDefault?: boolean;
}

export class KeptMethodDto {
  @Uuid()
  id: string;

  @Text({ max: 50, example: 'test' })
  gateway: string;

  @Text({ max: 50, example: 'visa' })
  brand: string;

  @Text({ max: 4, example: '4242' })
  last4: string;

  @Integer({ min: 1, max: 12, example: 12 })
  expiryMonth: number;

  @Integer({ min: 2000, max: 9999, example: 2030 })
  expiryYear: number;

  @Bool({ description: 'What is charged where nothing else is said.' })
  isDefault: boolean;

  @Instant()
  createdAt: string;

  static from({
    customerId: _,
    ref: _ref,
    customerRef: _customerRef,
    fingerprint: _fingerprint,
    createdAt,
    ...method
  }: PaymentMethod): KeptMethodDto {
    return { ...method, createdAt: createdAt.toISOString() };
  }
}

export class KeptMethodsDto {
  @ListOf(() => KeptMethodDto, { max: 1000 })
  items: KeptMethodDto[];
}

export class MethodSetupDto {
  @Uuid()
  id: string;

  @OneOf(SETUP_STATUSES, {
    example: 'succeeded',
    description:
      '`succeeded`: it is kept, as `methodId`; `requires_action`: go to `nextAction.url`, then confirm; `processing`: not ' +
      'known yet, send the same request with the same key again; `failed`: refused.',
  })
  status: SetupStatus;

  @Uuid({ nullable: true })
  methodId: string | null;

  @Nested(() => NextActionDto, { nullable: true })
  nextAction: NextActionDto | null;

  @Instant()
  createdAt: string;

  static from({ setup, next }: SetupSeen): MethodSetupDto {
    const { id, status, methodId, createdAt } = setup;
    return {
      ...{ id, status, methodId },
      nextAction: next === null ? null : { type: next.type, url: next.url },
      createdAt: createdAt.toISOString(),
    };
  }
}
