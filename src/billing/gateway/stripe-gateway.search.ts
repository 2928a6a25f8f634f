import type Stripe from 'stripe';
import { realNow } from '../../platform/clock.js';

const AROUND_BIRTH = { before: 60, after: 600 };
const LATELY = 900;
const AT_MOST = 2_000;

/**
 * The intent that one of our operations made. Stripe's search finds it by its metadata, but hears of new things up to a minute late
 * and later still on a bad day, so that "not found" there means nothing. Then the lists are walked, which are never late: the
 * minutes after the operation was made (its id says when) and the last quarter of an hour, for one that was sent late. What
 * was sent in between has been there long enough for the search.
 */
export async function findIntent({ paymentIntents }: Stripe, operationId: string): Promise<string | null> {
  const found = await paymentIntents
    .search({ query: `metadata['operation_id']:'${operationId}'`, limit: 1 })
    // Accounts of some countries have no search.
    .catch(() => ({ data: [] }));
  if (found.data[0]) return found.data[0].id;
  const now = Math.floor(realNow().getTime() / 1000);
  const born = Math.floor(parseInt(operationId.replace('-', '').slice(0, 12), 16) / 1000);
  const spans = [
    { gte: born - AROUND_BIRTH.before, lt: born + AROUND_BIRTH.after },
    { gte: Math.max(born + AROUND_BIRTH.after, now - LATELY), lt: now + LATELY },
  ];
  for (const created of spans) {
    let seen = 0;
    for await (const intent of paymentIntents.list({ created, limit: 100 })) {
      if (intent.metadata.operation_id === operationId) return intent.id;
      // Not finding it is only an answer when all was looked at.
      if (++seen >= AT_MOST) throw new Error(`too many payments at Stripe to find operation ${operationId}`);
    }
  }
  return null;
}
