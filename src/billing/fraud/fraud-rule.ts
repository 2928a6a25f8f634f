/** From the mildest to the strictest. */
export const SCREENING_OUTCOMES = ['allow', 'challenge', 'review', 'block'] as const;
export type ScreeningOutcome = (typeof SCREENING_OUTCOMES)[number];
/** `shadow`: what it would have done is written down, and nothing is done. */
export const RULE_MODES = ['off', 'shadow', 'live'] as const;
export type RuleMode = (typeof RULE_MODES)[number];
/**
 * What is tried: the payment of an `order` or of an `invoice` by whoever stands before the shop, keeping a `method`, and a `charge`
 * to a kept method with nobody there.
 */
export const ATTEMPT_KINDS = ['order', 'invoice', 'method', 'charge'] as const;
export type AttemptKind = (typeof ATTEMPT_KINDS)[number];
/** A rule means these when it names none: what the shop itself charges was agreed before, and is looked at only by rules that say so. */
export const SHOPPERS_KINDS: readonly AttemptKind[] = ['order', 'invoice', 'method'];
/** By what attempts are counted together; a card is what the gateway says it is, or else the token that stands for it. */
export const VELOCITY_KEYS = ['network', 'email', 'customer', 'card', 'link'] as const;
export type VelocityKey = (typeof VELOCITY_KEYS)[number];
/** Of those that were not blocked: `failures`, which the gateway declined or has not decided; `cards`, other ones than that of the attempt. */
export const VELOCITY_COUNTS = ['attempts', 'failures', 'cards'] as const;
export type VelocityCount = (typeof VELOCITY_COUNTS)[number];

/** So many earlier attempts of the same key in the time before this one. */
export interface Velocity {
  readonly per: VelocityKey;
  readonly count: VelocityCount;
  readonly atLeast: number;
  readonly withinMinutes: number;
}

/** All that are given have to hold. */
export interface Conditions {
  readonly kinds?: readonly AttemptKind[];
  /** In the currency that it names; an attempt in another one is not meant. */
  readonly amountAtLeast?: { readonly amount: number; readonly currency: string };
  readonly currency?: string;
  /** Whether the goods go to another country than the bill. */
  readonly countriesDiffer?: boolean;
  readonly shippingCountries?: readonly string[];
  readonly guest?: boolean;
  readonly itemsAtLeast?: number;
  readonly disposableEmail?: boolean;
  /** What the gateway says once it has authorized: 0 (harmless) to 100. */
  readonly riskAtLeast?: number;
  readonly velocity?: readonly Velocity[];
}

export interface FraudRule {
  readonly id: string;
  readonly name: string;
  readonly mode: RuleMode;
  readonly outcome: ScreeningOutcome;
  /** The highest first. */
  readonly priority: number;
  readonly conditions: Conditions;
  /** Since when it is looked at; null: it is off. */
  readonly activeSince: Date | null;
  readonly archivedAt: Date | null;
  readonly version: number;
  readonly createdAt: Date;
}

/** What is known of an attempt before the gateway is asked. */
export interface Facts {
  readonly kind: AttemptKind;
  /** Minor units, as text. Null: this kind of attempt has none, as with all that follow. */
  readonly amount: string | null;
  readonly currency: string | null;
  readonly shippingCountry: string | null;
  readonly billingCountry: string | null;
  readonly itemCount: number | null;
  readonly guest: boolean | null;
  readonly disposableEmail: boolean | null;
}

/** What of the conditions there is to be known of each kind of attempt, and by what it is counted. */
const KNOWN: Readonly<
  Record<
    AttemptKind,
    {
      facts: readonly (keyof Conditions)[];
      keys: readonly VelocityKey[];
      outcomes: readonly ScreeningOutcome[];
    }
  >
> = {
  order: {
    facts: [
      ...(['amountAtLeast', 'currency', 'countriesDiffer', 'shippingCountries', 'guest'] as const),
      ...(['itemsAtLeast', 'disposableEmail', 'riskAtLeast'] as const),
    ],
    keys: ['network', 'email', 'customer', 'card'],
    outcomes: SCREENING_OUTCOMES,
  },
  invoice: {
    facts: ['amountAtLeast', 'currency', 'guest', 'riskAtLeast'],
    keys: ['network', 'customer', 'card', 'link'],
    outcomes: SCREENING_OUTCOMES,
  },
  // There is no money that could be held back.
  method: {
    facts: ['guest'],
    keys: ['network', 'customer', 'card'],
    outcomes: ['allow', 'challenge', 'block'],
  },
  // Nobody is there who could be asked, and what is held would be a renewal that has happened.
  charge: { facts: ['amountAtLeast', 'currency'], keys: ['customer', 'card'], outcomes: ['allow', 'block'] },
};

export const knownOf = (kind: AttemptKind) => KNOWN[kind];

/** A rule that holds for an attempt, as it was at that time. */
export interface Fired {
  readonly ruleId: string;
  readonly name: string;
  readonly mode: RuleMode;
  readonly outcome: ScreeningOutcome;
  readonly priority: number;
}

export const firedOf = ({ id, name, mode, outcome, priority }: FraudRule): Fired => ({
  ...{ ruleId: id, name, mode, outcome, priority },
});

/** Whether it can be done with such an attempt what a rule wants. */
export const isPossible = ({ outcome }: Pick<FraudRule, 'outcome'>, { kind }: Facts): boolean =>
  KNOWN[kind].outcomes.includes(outcome);

/** Whether a rule waits for what the gateway says: it can only hold money back that is there, not refuse it. */
export const isLate = ({ conditions }: Pick<FraudRule, 'conditions'>): boolean =>
  conditions.riskAtLeast !== undefined;

/** Whether the conditions hold that need no counting; risk is one that the gateway tells. */
export function holdsFor(conditions: Conditions, facts: Facts, risk: number | null = null): boolean {
  const { kinds = SHOPPERS_KINDS, amountAtLeast, currency, countriesDiffer, shippingCountries } = conditions;
  const { guest, itemsAtLeast, disposableEmail, riskAtLeast } = conditions;
  const { kind, amount, itemCount, shippingCountry, billingCountry } = facts;
  // A country that nobody named differs from none; where nothing is sent anywhere there is nothing to compare.
  const isDifferent =
    shippingCountry !== null && billingCountry !== null && shippingCountry !== billingCountry;
  const differ = KNOWN[kind].facts.includes('countriesDiffer') ? isDifferent : null;
  const isSo = (wanted: boolean | undefined, found: boolean | null) =>
    wanted === undefined || wanted === found;
  return (
    kinds.includes(kind) &&
    (amountAtLeast === undefined ||
      (amount !== null &&
        amountAtLeast.currency === facts.currency &&
        BigInt(amount) >= BigInt(amountAtLeast.amount))) &&
    (currency === undefined || currency === facts.currency) &&
    isSo(countriesDiffer, differ) &&
    (shippingCountries === undefined ||
      (shippingCountry !== null && shippingCountries.includes(shippingCountry))) &&
    isSo(guest, facts.guest) &&
    (itemsAtLeast === undefined || (itemCount !== null && itemCount >= itemsAtLeast)) &&
    isSo(disposableEmail, facts.disposableEmail) &&
    (riskAtLeast === undefined || (risk !== null && risk >= riskAtLeast))
  );
}

/**
 * What follows from the rules that hold: the strictest of those that are live. One that allows speaks against all of a lower
 * priority. The database decides in the same way under its locks (`billing.screen_attempt`).
 */
export function decide(fired: readonly Fired[]): ScreeningOutcome {
  const live = fired.filter(({ mode }) => mode === 'live');
  const allowed = live.filter(({ outcome }) => outcome === 'allow').map(({ priority }) => priority);
  const floor = Math.max(-Infinity, ...allowed);
  return strictest(live.filter(({ priority }) => priority >= floor).map(({ outcome }) => outcome));
}

export const strictest = (outcomes: readonly ScreeningOutcome[]): ScreeningOutcome =>
  outcomes.reduce((a, b) => (strength(a) >= strength(b) ? a : b), 'allow');

const strength = (outcome: ScreeningOutcome): number => SCREENING_OUTCOMES.indexOf(outcome);
