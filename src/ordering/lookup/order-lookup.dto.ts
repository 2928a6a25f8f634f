import { Email, Instant, Text, Uuid } from '../../platform/http/fields.js';

export class LookUpOrderDto {
  @Text({ max: 18, pattern: /^[0-9]+$/, example: '1001' })
  number: string;

  @Email({ description: 'That the order was made with.' })
  email: string;
}

export class LookupDto {
  @Uuid({ description: 'Goes with the code that was sent.' })
  lookupId: string;

  @Instant({ description: 'Until when the code can be used.' })
  expiresAt: string;
}

export class VerifyLookupDto {
  @Uuid()
  lookupId: string;

  @Text({ max: 6, min: 6, pattern: /^[0-9]{6}$/, example: '402913' })
  code: string;
}

export class LookupTokenDto {
  @Uuid()
  orderId: string;

  @Text({ max: 100, description: 'Opens the order as `X-Cart-Token`, like the token of its cart.' })
  token: string;

  @Instant({ description: 'Until when it does.' })
  expiresAt: string;
}
