import { Bool, Email, Integer, NewPassword, OneOf, Text, PersonName } from '../../platform/http/fields.js';
import { MAX_SENT, MAXIMUM_LENGTH } from '../password/password.rules.js';

export class RegisterDto {
  @Email()
  email: string;

  @NewPassword({ max: MAXIMUM_LENGTH, example: 'four random words are good' })
  password: string;

  @PersonName({ max: 100, optional: true, nullable: true, example: 'Ada' })
  firstName?: string | null;

  @PersonName({ max: 100, optional: true, nullable: true, example: 'Byron' })
  lastName?: string | null;
}

export class LoginDto {
  @Email()
  email: string;

  @Text({ max: MAX_SENT, blank: true, example: 'four random words are good' })
  password: string;

  @Text({
    max: 200,
    optional: true,
    description: 'The one that this device got when somebody signed in here before.',
    example: 'dt_1788888888.kq9X2r7yqg0u8mJ1Yw3b5Zc7dE9fG1hI3jK5lM7nO9p',
  })
  deviceToken?: string;
}

export class AccessTokenDto {
  @Text({ max: 4000, description: 'JWT for `Authorization: Bearer`.' })
  accessToken: string;

  @OneOf(['Bearer'])
  tokenType: string;

  @Integer({ min: 1, max: 86_400, description: 'Seconds that the access token lives.', example: 600 })
  expiresIn: number;
}

export class TokensDto extends AccessTokenDto {
  @Text({
    max: 200,
    optional: true,
    description:
      'Good for one refresh; keep the one that you get back. In browser mode the cookie has it instead.',
  })
  refreshToken?: string;
}

export class SignedInDto extends TokensDto {
  @Text({
    max: 200,
    description:
      'To be kept on the device and sent with the next sign-in: a known device is not kept waiting by what strangers guess. It opens nothing.',
  })
  deviceToken: string;

  @Bool({ description: 'True: until the password is changed, the access token serves for nothing else.' })
  passwordChangeRequired: boolean;
}

export class RefreshDto {
  @Text({
    max: 500,
    optional: true,
    description: 'Left out in browser mode, where the cookie has it.',
  })
  refreshToken?: string;
}

export class EmailOnlyDto {
  @Email()
  email: string;
}

export class TokenDto {
  @Text({
    max: 200,
    description: 'From the link in the mail.',
    example: '3q2-7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
  })
  token: string;
}

export class ResetPasswordDto extends TokenDto {
  @NewPassword({ max: MAXIMUM_LENGTH, example: 'four other random words' })
  password: string;
}

export class ChangePasswordDto {
  @Text({ max: MAX_SENT, blank: true, example: 'four random words are good' })
  presentPassword: string;

  @NewPassword({ max: MAXIMUM_LENGTH, example: 'four other random words' })
  password: string;
}
