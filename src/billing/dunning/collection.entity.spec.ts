import fc from 'fast-check';
import { type AttemptKind, type AttemptOutcome, Collection, MOST_ERRORS } from './collection.entity.js';

const DAY = 86_400_000;
const START = new Date('2027-03-01T00:00:00Z');
const at = (days: number): Date => new Date(START.getTime() + days * DAY);

const begun = (retryDays: readonly number[] = [1, 4, 9, 16]): Collection =>
  new Collection({
    ...{ invoiceId: 'i', subscriptionId: 's', customerId: 'c', methodId: null, policyId: 'p', retryDays },
    ...{ endAction: 'cancel', state: 'collecting', step: 0, stepAt: START, extraAt: null, remindAt: null },
    ...{ errors: 0, firstFailedAt: null, code: null, createdAt: START, endedAt: null },
  });
const declined = (kind: AttemptKind = 'scheduled') =>
  ({ kind, outcome: 'declined', code: 'insufficient_funds' }) as const;

describe('the collection of an invoice', () => {
  it('tries on days 1, 4, 9 and 16 after the first failure, with letters, and then ends', () => {
    const collection = begun();
    const seen: [number, string | null, boolean][] = [];
    const days: number[] = [];
    for (let tries = 0; tries < 9 && collection.stepAt; tries++) {
      const now: Date = collection.stepAt;
      days.push((now.getTime() - START.getTime()) / DAY);
      expect(collection.take(now)).toBe('scheduled');
      expect(collection.take(now)).toBeNull();
      const { letter, ended } = collection.tell(declined(), now);
      seen.push([collection.step, letter, ended]);
    }
    expect(days).toEqual([0, 1, 4, 9, 16]);
    expect(seen).toEqual([
      [1, 'first_failure', false],
      [2, null, false],
      [3, null, false],
      [4, null, false],
      [5, 'last', true],
    ]);
    expect(collection).toMatchObject({ state: 'ended', nextAt: null, endedAt: at(16) });
  });

  it('announces an attempt a day before, unless the last letter is hardly older', () => {
    const collection = begun();
    collection.take(START);
    collection.tell(declined(), START);
    expect(collection.remindAt).toBeNull();
    collection.take(at(1));
    collection.tell(declined(), at(1));
    expect([collection.stepAt, collection.remindAt]).toEqual([at(4), at(3)]);
  });

  it('uses nothing up while the gateway is away: 300 s, doubled, eight times, and then it counts', () => {
    const collection = begun();
    let now = START;
    const pauses: number[] = [];
    for (let error = 0; error < MOST_ERRORS; error++) {
      collection.take(now);
      expect(collection.tell({ kind: 'scheduled', outcome: 'errored', code: 'away' }, now).letter).toBeNull();
      pauses.push(((collection.stepAt?.getTime() ?? 0) - now.getTime()) / 1000);
      now = collection.stepAt as Date;
      expect(collection.step).toBe(0);
    }
    expect(pauses).toEqual([300, 600, 1200, 2400, 4800, 9600, 19_200, 38_400]);
    collection.take(now);
    collection.tell({ kind: 'scheduled', outcome: 'errored', code: 'away' }, now);
    expect(collection).toMatchObject({ step: 1, errors: 0 });
  });

  it('tries another method at once, but only after something failed, and the schedule stays', () => {
    const collection = begun();
    expect(collection.tryNow('m2', START)).toBe(false);
    collection.take(START);
    collection.tell(declined(), START);
    expect(collection.tryNow('m2', at(0.5))).toBe(true);
    expect(collection.tryNow('m2', at(0.5))).toBe(false);
    expect(collection.take(at(0.5))).toBe('new_method');
    collection.tell(declined('new_method'), at(0.5));
    expect(collection).toMatchObject({ step: 1, stepAt: at(1), methodId: 'm2' });
  });

  it('keeps a distance when everything was late', () => {
    const collection = begun();
    collection.take(START);
    collection.tell(declined(), START);
    collection.take(at(30));
    collection.tell(declined(), at(30));
    expect(collection.stepAt).toEqual(at(30.5));
  });

  it('never makes more attempts of the schedule than it has days, whatever happens beside it', () => {
    const kind = fc.constantFrom<AttemptKind>('new_method', 'manual', 'link');
    const outcome = fc.constantFrom<AttemptOutcome>('declined', 'needs_customer', 'skipped', 'errored');
    const events = fc.array(fc.record({ kind, outcome, scheduled: fc.boolean() }), { maxLength: 200 });
    const schedules = fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(schedules, events, (days, all) => {
        const collection = begun(days.sort((a, b) => a - b));
        let [now, letters, last] = [START, 0, 0];
        for (const { kind: beside, outcome: what, scheduled } of all) {
          if (collection.nextAt && collection.nextAt > now) now = collection.nextAt;
          const taken = scheduled ? collection.take(now) : beside;
          if (taken === null) continue;
          const before = collection.stepAt;
          const { letter } = collection.tell({ kind: taken, outcome: what, code: null }, now);
          if (letter === 'first_failure') letters++;
          if (letter === 'last') last++;
          if (taken !== 'scheduled') expect(collection.stepAt).toEqual(before);
        }
        expect(collection.step).toBeLessThanOrEqual(days.length + 1);
        expect(letters).toBeLessThanOrEqual(1);
        expect(last).toBe(collection.state === 'ended' ? 1 : 0);
        if (collection.state === 'collecting') expect(collection.stepAt).not.toBeNull();
      }),
    );
  });
});
