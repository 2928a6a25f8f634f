import { Bool, Instant, Text } from '../../platform/http/fields.js';

const unset = { optional: true, nullable: true } as const;

export class ConsentInput {
  @Bool({ description: 'True: letters about offers are welcome. False: no more of them.', example: true })
  given: boolean;

  @Text({
    max: 100,
    description: 'Where it was said: the form or page.',
    example: 'checkout, newsletter box',
  })
  source: string;

  @Text({
    max: 50,
    ...unset,
    description: 'Version of the text that was agreed to; required when given.',
    example: '2026-10',
  })
  textVersion?: string | null;

  @Text({
    max: 2000,
    ...unset,
    description: 'The words that were agreed to; required when given.',
    example: 'Yes, tell me about offers by e-mail. I can stop this at any time.',
  })
  wording?: string | null;
}

export class ConsentDto {
  @Bool({ description: 'Whether letters about offers may be sent now.' })
  given: boolean;

  @Instant({ nullable: true, description: 'When it was last given or withdrawn; null: it was never asked.' })
  at: string | null;

  @Text({ max: 100, nullable: true })
  source: string | null;

  @Text({ max: 50, nullable: true })
  textVersion: string | null;

  @Text({ max: 2000, nullable: true })
  wording: string | null;
}

/** One entry of the proof. */
export class ConsentRecordDto extends ConsentDto {
  @Instant()
  declare at: string;

  @Text({ max: 100 })
  declare source: string;

  @Text({ max: 100, nullable: true, description: 'The network that it came from: /24 or /48.' })
  ipPrefix: string | null;
}

export class WithdrawalDto {
  @Text({
    max: 200,
    description: 'From the link in a letter.',
    example: 'mw_01933b5e-7b0a-7c3e-9c1f-2f1c5a6b7d8e.kq9X2r7yqg0u8mJ1Yw3b5Zc7dE9fG1hI3jK5lM7nO9p',
  })
  token: string;
}
