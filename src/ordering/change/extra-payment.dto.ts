import { MoneyDto, MoneyField } from '../../platform/http/fields.js';
import { TenderDto } from '../checkout/checkout.dto.js';

export class PayOrderDto extends TenderDto {
  @MoneyField({
    optional: true,
    nullable: true,
    description: 'The `amountDue` that the shopper was shown; when it is another one now, nothing is paid.',
  })
  expectedAmount?: MoneyDto | null;
}
