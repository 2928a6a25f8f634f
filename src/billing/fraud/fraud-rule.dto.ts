import {
  Bool,
  CountryList,
  CurrencyCode,
  Instant,
  Integer,
  ListOf,
  MoneyDto,
  MoneyField,
  Nested,
  OneOf,
  Text,
  TextList,
  Uuid,
  type FieldOptions,
} from '../../platform/http/fields.js';
import { PageQuery } from '../../platform/http/page.js';
import {
  ATTEMPT_KINDS,
  type AttemptKind,
  type FraudRule,
  RULE_MODES,
  type RuleMode,
  SCREENING_OUTCOMES,
  type ScreeningOutcome,
  VELOCITY_COUNTS,
  VELOCITY_KEYS,
  type VelocityCount,
  type VelocityKey,
} from './fraud-rule.js';

/** As many pieces as an order may have: 100 lines of 999. */
const MAX_ITEMS = 99_900;
/** A week. */
export const MAX_WINDOW_MINUTES = 7 * 24 * 60;
const MAX_COUNT = 1_000;

export class VelocityDto {
  @OneOf(VELOCITY_KEYS, {
    example: 'network',
    description:
      'What is counted together. `network`: one address (of IPv6 a /64); nothing behind a proxy that `TRUSTED_PROXIES` does not ' +
      'name; nothing of a `charge`. `email`: of an `order` alone. `customer`: an account; of an `invoice` whose it is, whoever pays. ' +
      '`card`: as the gateway knows it, or the token where it has said nothing of it yet. `link`: of an `invoice` alone, all links to it.',
  })
  per: VelocityKey;

  @OneOf(VELOCITY_COUNTS, {
    example: 'failures',
    description:
      '`attempts`: all, blocked ones too. Of those that were not blocked: `failures`, which were declined or are not decided, and ' +
      '`cards`, other ones than that of the attempt among the newest 10,000. Attempts of all kinds are counted together, save those of the kind `charge`: how ' +
      'often the shop charges by itself speaks against nobody.',
  })
  count: VelocityCount;

  @Integer({
    min: 1,
    max: MAX_COUNT,
    example: 10,
    description: 'Earlier ones; the attempt itself does not count.',
  })
  atLeast: number;

  @Integer({ min: 1, max: MAX_WINDOW_MINUTES, example: 60 })
  withinMinutes: number;
}

export class ConditionsDto {
  @TextList({
    min: 1,
    max: ATTEMPT_KINDS.length,
    maxLength: 20,
    values: ATTEMPT_KINDS,
    unique: true,
    optional: true,
    example: ['order', 'invoice'],
    description:
      'What is tried: `order` and `invoice`, paying one (an invoice by a link, or the first ones of a subscription); `method`, keeping ' +
      'a card in an account; `charge`, what the shop charges to a kept card by itself, such as a renewal. The first three when left ' +
      'out: a `charge` was agreed to before, and is looked at only by a rule that names it. Each condition says of which kinds it ' +
      'knows something; of others it never holds, and a rule that names a kind of which it can never hold is refused.',
  })
  kinds?: AttemptKind[];

  @MoneyField({
    optional: true,
    description:
      'In minor units; attempts in another currency are not meant. Of an `order`, an `invoice`, a `charge`.',
  })
  amountAtLeast?: MoneyDto;

  @CurrencyCode({ optional: true, description: 'ISO 4217. Of an `order`, an `invoice`, a `charge`.' })
  currency?: string;

  @Bool({
    optional: true,
    example: true,
    description: 'Whether the goods go to another country than the bill. Of an `order`.',
  })
  countriesDiffer?: boolean;

  @CountryList({
    optional: true,
    description: 'Where the goods go; ISO 3166 codes, at least one. Of an `order`.',
    example: ['DE'],
  })
  shippingCountries?: string[];

  @Bool({
    optional: true,
    example: true,
    description:
      'Whether nobody is signed in: of an `order` without an account, of an `invoice` paid by a link alone; never of a `method`.',
  })
  guest?: boolean;

  @Integer({
    min: 1,
    max: MAX_ITEMS,
    optional: true,
    example: 20,
    description: 'Pieces, of all lines. Of an `order`.',
  })
  itemsAtLeast?: number;

  @Bool({
    optional: true,
    example: true,
    description:
      'Whether the e-mail address is at a well-known provider of addresses that live for minutes. Of an `order`.',
  })
  disposableEmail?: boolean;

  @Integer({
    min: 0,
    max: 100,
    optional: true,
    example: 75,
    description:
      'The score that the gateway gives with its authorization, 100 is the worst. Of an `order` or an `invoice`. Such a rule comes ' +
      'after the gateway: it can only `review`, and counts nothing.',
  })
  riskAtLeast?: number;

  @ListOf(() => VelocityDto, { max: 5, min: 1, optional: true })
  velocity?: VelocityDto[];
}

const Name = (options: FieldOptions) => Text({ max: 100, example: 'Card testing', ...options });
const Mode = (options: FieldOptions) =>
  OneOf(RULE_MODES, {
    example: 'shadow',
    description: '`live` acts, `shadow` only writes down what it would have done, `off` does nothing.',
    ...options,
  });
const Outcome = (options: FieldOptions) =>
  OneOf(SCREENING_OUTCOMES, {
    example: 'block',
    description:
      '`block` answers like a declined card and asks no gateway; `review` holds the money of an `order` or an `invoice` until a person ' +
      'has looked at it; `challenge` has the bank ask the shopper, where somebody is there; `allow` speaks against all rules of a ' +
      'lower priority. Of those that hold the strictest wins.',
    ...options,
  });
const Priority = (options: FieldOptions) =>
  Integer({
    min: -1_000_000,
    max: 1_000_000,
    example: 100,
    description: 'Matters for `allow` alone.',
    ...options,
  });
const Terms = (options: FieldOptions) =>
  Nested(() => ConditionsDto, {
    description: 'At least one. All that are given have to hold.',
    example: { velocity: [{ per: 'network', count: 'failures', atLeast: 10, withinMinutes: 60 }] },
    ...options,
  });

export class CreateFraudRuleDto {
  @Name({})
  name: string;

  @Mode({
    optional: true,
    description: '`shadow` when left out: it is written down what it would have done.',
  })
  mode?: RuleMode;

  @Outcome({})
  outcome: ScreeningOutcome;

  @Priority({ optional: true })
  priority?: number;

  @Terms({})
  conditions: ConditionsDto;
}

export class UpdateFraudRuleDto {
  @Name({ optional: true })
  name?: string;

  @Mode({ optional: true, example: 'live' })
  mode?: RuleMode;

  @Outcome({ optional: true })
  outcome?: ScreeningOutcome;

  @Priority({ optional: true })
  priority?: number;

  @Terms({ optional: true })
  conditions?: ConditionsDto;
}

export class FraudRuleDto {
  @Uuid()
  id: string;

  @Name({})
  name: string;

  @Mode({})
  mode: RuleMode;

  @Outcome({})
  outcome: ScreeningOutcome;

  @Priority({})
  priority: number;

  @Terms({})
  conditions: ConditionsDto;

  @Instant({
    nullable: true,
    description: 'Since when it looks at attempts; those that were opened before are none of its.',
  })
  activeSince: string | null;

  @Instant({ nullable: true, example: null })
  archivedAt: string | null;

  @Integer({ min: 1, max: 2 ** 31 - 1 })
  version: number;

  @Instant()
  createdAt: string;

  static from({ activeSince, archivedAt, createdAt, conditions, ...rule }: FraudRule): FraudRuleDto {
    return {
      ...rule,
      conditions: conditions as ConditionsDto,
      activeSince: activeSince?.toISOString() ?? null,
      archivedAt: archivedAt?.toISOString() ?? null,
      createdAt: createdAt.toISOString(),
    };
  }
}

export class FraudRuleParams {
  @Uuid()
  id: string;
}

export class FraudRuleQuery extends PageQuery {
  @OneOf(RULE_MODES, { optional: true })
  mode?: RuleMode;

  @Bool({ optional: true, description: 'Those that were archived; without it, all others.' })
  archived?: boolean;
}
