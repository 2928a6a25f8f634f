import { isISO31661Alpha2 } from 'class-validator';
import { addressFaults } from './address.js';
import { COUNTRIES } from './countries.js';

const somewhere = { firstName: 'Ada', lastName: 'Byron', line1: 'Street 1', city: 'Town' };
const faults = (rest: { country: string; postalCode?: string | null; region?: string | null }) =>
  addressFaults({ ...somewhere, ...rest }, '/here').map(({ pointer, code }) => `${pointer} ${code}`);

describe('an address', () => {
  it.each(Object.entries(COUNTRIES))('in %s has a postal code like its example', (country, rules) => {
    expect(isISO31661Alpha2(country)).toBe(true);
    const region = rules.region === undefined ? null : 'Somewhere';
    const postalCode = rules.postalCode?.example ?? null;
    expect(faults({ country, postalCode, region })).toEqual([]);
    if (!rules.postalCode) return;
    expect(faults({ country, postalCode: `${postalCode}!`, region })).toEqual(['/here/postalCode malformed']);
    const missing = rules.postalCode.optional ? [] : ['/here/postalCode required'];
    expect(faults({ country, region })).toEqual(missing);
    expect(faults({ country, postalCode: '  ', region })).toEqual(missing);
  });

  it.each([
    ['GB', 'sw1a1aa'],
    ['GB', 'M1 1AE'],
    ['NL', '1012ab'],
    ['US', '10001-0001'],
    ['CA', 'k1a0b1'],
    ['PL', '00001'],
  ])('in %s may be written %s', (country, postalCode) => {
    expect(faults({ country, postalCode, region: 'Some' })).toEqual([]);
  });

  it('tells both faults, and nothing of a country that is not known', () => {
    expect(faults({ country: 'US' })).toEqual(['/here/postalCode required', '/here/region required']);
    expect(faults({ country: 'US', postalCode: '10117 ', region: ' ' })).toEqual(['/here/region required']);
    expect(faults({ country: 'KE', postalCode: 'whatever' })).toEqual([]);
    expect(faults({ country: 'HK' })).toEqual([]);
  });
});
