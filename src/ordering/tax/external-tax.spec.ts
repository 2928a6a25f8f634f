import { hashOfQuestion, readExternalTaxes, type TaxQuestion } from './external-tax.js';

const question: TaxQuestion = {
  currency: 'USD',
  from: null,
  to: { country: 'US', region: 'NY', postalCode: '10001' },
  pricesIncludeTax: false,
  lines: [{ sku: 'LAMP', taxClass: 'standard', quantity: 2, amount: 2000 }],
  shipping: { taxClass: 'standard', amount: 500 },
};
const tax = { title: 'NY', ratePpm: 88_750, jurisdiction: 'New York', amount: 178 };
const answer = { lines: [{ taxes: [tax] }], shipping: { taxes: [] } };

describe('the answer of a provider', () => {
  it('is taken when it answers the question', () => {
    expect(readExternalTaxes(answer, question)).toEqual(answer);
    expect(readExternalTaxes({ ...answer, shipping: null }, { ...question, shipping: null })).toEqual({
      ...answer,
      shipping: null,
    });
  });

  it.each([
    ['nothing', null],
    ['no lines', { shipping: answer.shipping }],
    ['too few lines', { ...answer, lines: [] }],
    ['no shipping', { lines: answer.lines }],
    ['taxes that are no list', { ...answer, lines: [{ taxes: 'none' }] }],
    ['part of a cent', { ...answer, lines: [{ taxes: [{ ...tax, amount: 1.5 }] }] }],
    ['negative tax', { ...answer, lines: [{ taxes: [{ ...tax, amount: -1 }] }] }],
    ['more tax than the price', { ...answer, lines: [{ taxes: [{ ...tax, amount: 2001 }] }] }],
    ['a tax without a name', { ...answer, lines: [{ taxes: [{ ...tax, title: '' }] }] }],
    ['a rate beyond all', { ...answer, lines: [{ taxes: [{ ...tax, ratePpm: 1_000_001 }] }] }],
  ])('is none when it has %s', (_what, odd) => {
    expect(readExternalTaxes(odd, question)).toBeNull();
  });

  it('is kept by what was asked', () => {
    expect(hashOfQuestion(question)).toBe(hashOfQuestion(structuredClone(question)));
    expect(hashOfQuestion({ ...question, currency: 'EUR' })).not.toBe(hashOfQuestion(question));
  });
});
