import { Money } from '../../platform/money/money.js';
import { offersFor, type ShippingZone } from './shipping-zone.js';

const eur = (amount: number) => Money.of(amount, 'EUR');
const zones: ShippingZone[] = [
  {
    id: 'de',
    name: 'Germany',
    countries: ['DE'],
    version: 1,
    options: [
      { id: 'express', title: 'Express', tiers: [{ upToGrams: null, price: eur(1490) }] },
      {
        id: 'parcel',
        title: 'Parcel',
        tiers: [
          { upToGrams: 10_000, price: eur(990) },
          { upToGrams: 2_000, price: eur(490) },
        ],
      },
    ],
  },
  {
    id: 'rest',
    name: 'Rest of the world',
    countries: ['*'],
    version: 1,
    options: [{ id: 'far', title: 'Far', tiers: [{ upToGrams: null, price: Money.of(3000, 'USD') }] }],
  },
];

describe('shipping offers', () => {
  const ids = (country: string, currency: string, grams: number) =>
    offersFor(zones, country, currency, grams).map(({ optionId, price }) => [optionId, Number(price.amount)]);

  it('take the smallest tier that holds the weight, the cheapest option first', () => {
    expect(ids('DE', 'EUR', 2_000)).toEqual([
      ['parcel', 490],
      ['express', 1490],
    ]);
    expect(ids('DE', 'EUR', 2_001)).toEqual([
      ['parcel', 990],
      ['express', 1490],
    ]);
    expect(ids('DE', 'EUR', 10_001)).toEqual([['express', 1490]]);
  });

  it('fall back to the zone of everywhere else, and know only prices in the currency of the cart', () => {
    expect(ids('JP', 'USD', 1)).toEqual([['far', 3000]]);
    expect(ids('JP', 'EUR', 1)).toEqual([]);
  });
});
