import fc from 'fast-check';
import { type Creditable, creditTaxes, shareOut } from './credit-arithmetic.js';

const line = fc
  .record({ key: fc.constantFrom('S 19', 'S 7'), total: fc.bigInt(1n, 100_000n) })
  .map(({ key, total }) => {
    const rate = key === 'S 19' ? 19n : 7n;
    const tax = (2n * total * rate + 100n + rate) / (2n * (100n + rate));
    return { key, total, tax, creditedTotal: 0n, creditedTax: 0n };
  });
const sum = (all: readonly bigint[]) => all.reduce((whole, one) => whole + one, 0n);

/** Credits so much, and looks that nothing is credited twice. */
function credit(lines: readonly Creditable[], wanted: readonly bigint[]): Creditable[] {
  const taxes = creditTaxes(lines, wanted);
  return lines.map((each, index) => {
    const after = {
      ...each,
      creditedTotal: each.creditedTotal + (wanted[index] ?? 0n),
      creditedTax: each.creditedTax + (taxes[index] ?? 0n),
    };
    expect(taxes[index]).toBeGreaterThanOrEqual(0n);
    expect(after.creditedTax).toBeLessThanOrEqual(each.tax);
    expect(after.creditedTotal - after.creditedTax).toBeLessThanOrEqual(each.total - each.tax);
    return after;
  });
}

describe('the tax of credit notes', () => {
  it('adds up to the invoice line by line, in however many parts it is credited', () => {
    fc.assert(
      fc.property(
        fc.array(line, { minLength: 1, maxLength: 6 }),
        fc.array(fc.bigInt(1n, 60_000n), { maxLength: 8 }),
        (lines, steps) => {
          let present: Creditable[] = lines;
          for (const amount of steps) {
            const wanted = shareOut(amount, present);
            if (wanted === null) continue;
            expect(sum(wanted)).toBe(amount);
            present = credit(present, wanted);
          }
          const rest = present.map(({ total, creditedTotal }) => total - creditedTotal);
          for (const { total, tax, creditedTotal, creditedTax } of credit(present, rest)) {
            expect(creditedTotal).toBe(total);
            expect(creditedTax).toBe(tax);
          }
        },
      ),
    );
  });

  it('of each category is its rounded part after every step, where the lines let it be', () => {
    fc.assert(
      fc.property(
        fc.bigInt(10_000n, 1_000_000n),
        fc.array(fc.bigInt(1n, 3_000n), { maxLength: 12 }),
        (total, steps) => {
          const tax = (2n * total * 19n + 119n) / 238n;
          let present: Creditable[] = [{ key: 'S 19', total, tax, creditedTotal: 0n, creditedTax: 0n }];
          for (const amount of steps) {
            if (shareOut(amount, present) === null) continue;
            present = credit(present, [amount]);
            const [{ creditedTotal, creditedTax } = { creditedTotal: 0n, creditedTax: 0n }] = present;
            expect(creditedTax).toBe((2n * tax * creditedTotal + total) / (2n * total));
          }
        },
      ),
    );
  });

  it('of three thirds is the whole: 334.99 in thirds of 111.66, 111.66 and 111.67', () => {
    let present: Creditable[] = [
      { key: 'S 19', total: 33_499n, tax: 5_349n, creditedTotal: 0n, creditedTax: 0n },
    ];
    for (const amount of [11_166n, 11_166n, 11_167n]) present = credit(present, [amount]);
    expect(present[0]).toMatchObject({ creditedTotal: 33_499n, creditedTax: 5_349n });
  });

  it('of lines below zero is given back with that of the others, in each category and to the cent', () => {
    const signed = fc.tuple(line, fc.boolean()).map(([one, isCredit]) => {
      const sign = isCredit ? -1n : 1n;
      return { ...one, total: sign * one.total, tax: sign * one.tax };
    });
    fc.assert(
      fc.property(
        fc.array(signed, { minLength: 1, maxLength: 6 }),
        fc.array(fc.bigInt(1n, 60_000n), { maxLength: 6 }),
        (lines, steps) => {
          const left = (of: readonly Creditable[]) => of.map((one) => one.total - one.creditedTotal);
          fc.pre(sum(left(lines)) > 0n);
          let present: Creditable[] = lines;
          for (const amount of [...steps, sum(left(lines))]) {
            const all = sum(left(present));
            const most = amount < all ? amount : all;
            const wanted = shareOut(most, present) ?? [];
            expect(sum(wanted)).toBe(most);
            const taxes = creditTaxes(present, wanted);
            present = present.map((one, index) => {
              const next = {
                ...one,
                creditedTotal: one.creditedTotal + (wanted[index] ?? 0n),
                creditedTax: one.creditedTax + (taxes[index] ?? 0n),
              };
              // No line goes past what it was invoiced with, neither its total nor its tax nor its net.
              for (const [credited, whole] of [
                [next.creditedTotal, one.total],
                [next.creditedTax, one.tax],
                [next.creditedTotal - next.creditedTax, one.total - one.tax],
              ] as const)
                expect([credited, whole]).toEqual([
                  whole < 0n
                    ? credited > 0n
                      ? 0n
                      : credited < whole
                        ? whole
                        : credited
                    : credited < 0n
                      ? 0n
                      : credited > whole
                        ? whole
                        : credited,
                  whole,
                ]);
              return next;
            });
            for (const key of new Set(present.map((one) => one.key))) {
              const mine = present.filter((one) => one.key === key);
              const [whole, credited] = [
                sum(mine.map(({ total }) => total)),
                sum(mine.map((one) => one.creditedTotal)),
              ];
              expect(
                whole < 0n ? credited <= 0n && credited >= whole : credited >= 0n && credited <= whole,
              ).toBe(true);
            }
          }
          for (const { total, tax, creditedTotal, creditedTax } of present)
            expect([creditedTotal, creditedTax]).toEqual([total, tax]);
        },
      ),
    );
    const mixed = [
      { key: 'S 19', total: -5950n, tax: -950n, creditedTotal: 0n, creditedTax: 0n },
      { key: 'S 7', total: 21_400n, tax: 1400n, creditedTotal: 0n, creditedTax: 0n },
    ];
    expect(creditTaxes(mixed, shareOut(15_450n, mixed) ?? [])).toEqual([-950n, 1400n]);
  });

  it('refuses more than is left', () => {
    expect(shareOut(5n, [{ key: 'Z', total: 4n, tax: 0n, creditedTotal: 0n, creditedTax: 0n }])).toBeNull();
  });
});
