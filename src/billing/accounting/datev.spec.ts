import fc from 'fast-check';
import { COLUMNS, entryLine, headerLine, pairsOf } from './datev.js';

describe('a booking batch', () => {
  it('moves every account by what the transaction moves it, in pairs above zero', () => {
    const legs = fc
      .array(
        fc.record({
          account: fc.constantFrom('a', 'b', 'c', 'd'),
          units: fc.bigInt({ min: -999n, max: 999n }),
        }),
        {
          minLength: 1,
          maxLength: 8,
        },
      )
      .map((some) => {
        const rest = some.reduce((sum, { units }) => sum + units, 0n);
        return [...some, { account: 'rest', units: -rest }].filter(({ units }) => units !== 0n);
      });
    fc.assert(
      fc.property(legs, (all) => {
        const sums: Record<string, bigint> = {};
        const add = (account: string, units: bigint) => (sums[account] = (sums[account] ?? 0n) + units);
        for (const { account, units } of all) add(account, units);
        for (const { debit, credit, units } of pairsOf(all)) {
          expect(units > 0n).toBe(true);
          add(debit, -units);
          add(credit, units);
        }
        expect(Object.values(sums).every((sum) => sum === 0n)).toBe(true);
      }),
    );
  });

  it('has the header and the columns of EXTF 700', () => {
    const header = headerLine({
      ...{
        consultantNumber: 1001,
        clientNumber: 7,
        fiscalYearStart: '2026-01-01',
        accountLength: 4,
        chart: '03',
      },
      ...{
        from: '2026-10-01',
        to: '2026-10-31',
        title: 'Guildhall 2026-10',
        currency: 'EUR',
        isClosed: true,
      },
      madeAt: '20261121103000000',
    });
    expect(header).toBe(
      '"EXTF";700;21;"Buchungsstapel";13;20261121103000000;;"GH";"";"";1001;7;20260101;4;20261001;20261031;' +
        '"Guildhall 2026-10";"";1;0;1;"EUR";;"";;;"03";;;;""',
    );
    expect(header.split(';')).toHaveLength(31);
    expect(COLUMNS).toHaveLength(125);
    expect(COLUMNS.indexOf('Festschreibung')).toBe(113);
    const row = entryLine({
      ...{ amount: '19,99', currency: 'EUR', debit: '1400', credit: '8400', taxKey: '40', day: '2026-10-31' },
      ...{ document: 'RE-"1"', document2: '12', text: 'invoice_finalized', isClosed: true },
    });
    expect(row).toMatch(/^19,99;"S";"EUR";;;;1400;8400;"40";3110;"RE-""1""";"12";;"invoice_finalized";;/);
    expect(row.split(';')).toHaveLength(125);
  });
});
