import { MoneyDto, MoneyField, Nested } from '../../platform/http/fields.js';
import { PaymentMethodDto } from '../checkout/checkout.dto.js';

export class PayOrderDto {
  @Nested(() => PaymentMethodDto)
  payment: PaymentMethodDto;

  @MoneyField({
    optional: true,
    nullable: true,
    description: 'The `amountDue` that the shopper was shown; when it is another one now, nothing is paid.',
  })
  expectedAmount?: MoneyDto | null;
}
