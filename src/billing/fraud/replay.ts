import {
  decide,
  type Fired,
  firedOf,
  type FraudRule,
  holdsFor,
  isPossible,
  type ScreeningOutcome,
  type Velocity,
} from './fraud-rule.js';
import type { Screening } from './screening.repository.js';

/** What rules would have done with an attempt. */
export interface Replayed {
  readonly attempt: Screening;
  readonly outcome: ScreeningOutcome;
  readonly fired: readonly Fired[];
}

/** An attempt as those that come after it count it. */
interface Past {
  readonly at: number;
  /** Null: it was blocked, or nobody knows. */
  readonly card: string | null;
  readonly hasFailed: boolean;
}

const FAILED = ['created', 'pending', 'unknown', 'failed'];
const MINUTE = 60_000;

/**
 * What rules would have done with attempts, the oldest first: they count as `billing.screen_attempt` does. Of an attempt that was
 * blocked then, nobody knows what the gateway would have said: it counts as a failure.
 */
export function replay(attempts: readonly Screening[], rules: readonly FraudRule[]): Replayed[] {
  const past = new Map<string, Past[]>();
  return attempts.map((attempt) => {
    const { facts, keys, risk, status, at } = attempt;
    const counted = (velocity: Velocity) =>
      count(velocity, attempt, past.get(`${velocity.per} ${keys[velocity.per]}`) ?? []);
    const fired = rules
      .filter((rule) => isPossible(rule, facts) && holdsFor(rule.conditions, facts, risk))
      .filter(({ conditions: { velocity = [] } }) =>
        velocity.every((each) => keys[each.per] !== null && counted(each) >= each.atLeast),
      )
      .map(firedOf);
    const outcome = decide(fired);
    const isThrough = outcome !== 'block';
    const entry = {
      at: at.getTime(),
      card: isThrough ? keys.card : null,
      hasFailed: isThrough && FAILED.includes(status),
    };
    for (const [kind, key] of Object.entries(keys)) {
      // What the shop charges by itself is counted nowhere.
      if (key === null || facts.kind === 'charge') continue;
      const of = `${kind} ${key}`;
      const list = past.get(of);
      if (list) list.push(entry);
      else past.set(of, [entry]);
    }
    return { attempt, outcome, fired };
  });
}

function count(
  { count: what, withinMinutes }: Velocity,
  { at, keys }: Screening,
  past: readonly Past[],
): number {
  const since = at.getTime() - withinMinutes * MINUTE;
  const within = past.filter((each) => each.at > since);
  switch (what) {
    case 'attempts':
      return within.length;
    case 'failures':
      return within.filter(({ hasFailed }) => hasFailed).length;
    case 'cards':
      return new Set(within.flatMap(({ card }) => (card === null || card === keys.card ? [] : [card]))).size;
  }
}
