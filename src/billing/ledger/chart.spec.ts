import { Money } from '../../platform/money/money.js';
import { taxAccount } from '../invoice/invoice-posting.js';
import { ACCOUNT_TYPES, CHART, chartAccountOf } from './chart.js';
import { accounts, postings } from './posting.js';

describe('the chart of accounts', () => {
  it('names each kind of account once, and explains it', () => {
    const codes = CHART.map(({ code }) => code);
    expect(new Set(codes).size).toBe(codes.length);
    for (const { type, meaning } of CHART) {
      expect(ACCOUNT_TYPES).toContain(type);
      expect(meaning).toMatch(/^[A-Z].*\.$/);
    }
  });

  it('knows every account that anything is posted to', () => {
    const gateways = ['test', 'stripe', 'bank_transfer', 'cash', 'other'];
    const used = Object.values(accounts).flatMap((account) =>
      typeof account === 'string' ? [account] : gateways.map(account),
    );
    const tax = [190_000, 77_000, 0].map((ratePpm) => taxAccount({ jurisdiction: 'DE', ratePpm }));
    expect([...used, ...tax].filter((code) => chartAccountOf(code) === null)).toEqual([]);
    const amount = Money.of(5, 'EUR');
    const [legs] = [postings.captured('id', 'test', amount).legs];
    expect(legs.map(({ account }) => chartAccountOf(account)?.type)).toEqual(['asset', 'liability']);
  });

  it('knows nothing else', () => {
    for (const code of [
      'assets',
      'assets:provider::clearing',
      'liab:tax:DE',
      'liab:tax:DE:19:more',
      'x:assets:ar',
    ])
      expect(chartAccountOf(code)).toBeNull();
  });
});
