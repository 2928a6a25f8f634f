import { Bool, Instant, ListOf, Nested, OneOf, Text, TextList, Uuid } from '../../platform/http/fields.js';
import type { SessionView } from './session.repository.js';
import { familyOf } from './user-agent.js';

class ImpersonatorDto {
  @Uuid({ description: 'The member of staff.' })
  staffId: string;

  @Text({ max: 500, description: 'Why, in the words of that person.' })
  reason: string;
}

export class SessionDto {
  @Uuid()
  id: string;

  @Instant()
  createdAt: string;

  @Instant()
  lastSeenAt: string;

  @Text({ max: 100, nullable: true })
  ipPrefix: string | null;

  @Text({
    max: 60,
    nullable: true,
    description: 'Browser and system, or the name of a program.',
    example: 'Firefox on Linux',
  })
  userAgent: string | null;

  @TextList({
    max: 10,
    maxLength: 20,
    example: ['otp', 'pwd'],
    description: 'How the holder has proved who it is, as RFC 8176 names it: the `amr` of the access token.',
  })
  amr: string[];

  @Nested(() => ImpersonatorDto, {
    nullable: true,
    description: 'Somebody of the staff acts here in the place of the customer, for 15 minutes at the most.',
  })
  impersonatedBy: ImpersonatorDto | null;

  @Bool({ description: 'The session of this request.' })
  current: boolean;

  /** As it is told to its owner and to staff; `current` is the session of the request. */
  static from(
    { createdAt, lastSeenAt, userAgent, impersonatorId, impersonationReason, ...row }: SessionView,
    current: string | null,
  ): SessionDto {
    return {
      ...row,
      createdAt: createdAt.toISOString(),
      lastSeenAt: lastSeenAt.toISOString(),
      userAgent: familyOf(userAgent),
      impersonatedBy:
        impersonatorId === null ? null : { staffId: impersonatorId, reason: impersonationReason ?? '' },
      current: row.id === current,
    };
  }
}

export class SessionsDto {
  @ListOf(() => SessionDto, { max: 100 })
  items: SessionDto[];
}

export class OtherSessionsQuery {
  @OneOf(['true'], { description: 'Says that all but the session of this request are meant.' })
  others: 'true';
}
