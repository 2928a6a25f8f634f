import fc from 'fast-check';
import { VAT_FORMATS } from './vat-formats.js';
import { plainVatId, vatCountry, vatFault } from './vat-id.js';

/** Published examples: of the tax offices, of companies that print theirs, and of the rules themselves. */
const RIGHT = [
  ...[
    'ATU13585627',
    'BE0428759497',
    'BG175074752',
    'BG7523169263',
    'CY10259033P',
    'CZ25123891',
    'CZ7103192745',
  ],
  ...['DE136695976', 'DE115235681', 'DK13585628', 'EE100931558', 'EL094259216', 'ESA13585625', 'ES54362315K'],
  ...['ESX2482300W', 'ESB58378431', 'FI20774740', 'FR40303265045', 'FRK7399859412', 'FR4Z123456782'],
  ...[
    'HR33392005961',
    'HU12892312',
    'IE6433435F',
    'IE6433435OA',
    'IE8D79739I',
    'IT00743110157',
    'LT119511515',
  ],
  ...['LT100001919017', 'LU15027442', 'LV40003521600', 'LV16117519997', 'MT11679112', 'NL004495445B01'],
  ...[
    'NL002455799B11',
    'PL8567346215',
    'PT501964843',
    'RO18547290',
    'SE123456789701',
    'SI50223054',
    'SK2022749619',
  ],
];

describe('a VAT id', () => {
  it.each(RIGHT)('%s could exist', (vatId) => {
    expect(vatFault(vatId)).toBeNull();
  });

  it('has an example of every member state', () => {
    expect([...new Set(RIGHT.map((vatId) => vatId.slice(0, 2)))].sort()).toEqual(
      Object.keys(VAT_FORMATS).sort(),
    );
  });

  it('is read as people write it', () => {
    expect(plainVatId('de 136.695.976')).toBe('DE136695976');
    expect(plainVatId('GR-094259216')).toBe('EL094259216');
    expect(vatCountry('EL094259216')).toBe('GR');
  });

  it('is not one by its country, its form or its check digits', () => {
    expect(vatFault('US123456789')).toBe('unknown_country');
    expect(vatFault('')).toBe('unknown_country');
    expect(vatFault('DE13669597')).toBe('malformed');
    expect(vatFault('DE136695977')).toBe('check_digits');
    expect(vatFault('ATU13585628')).toBe('check_digits');
    expect(vatFault('FR41303265045')).toBe('check_digits');
  });

  it('shows a wrong last digit, of every country whose last character is its check', () => {
    const checked = RIGHT.filter((id) => /^(?:AT|BE|DE|DK|EE|EL|FI|HR|HU|IT|LU|MT|PL|PT|SI|SK)/.test(id));
    for (const id of checked) {
      const others = '0123456789'.replace(id.at(-1) ?? '', '');
      expect([...others].map((one) => vatFault(id.slice(0, -1) + one))).not.toContain(null);
    }
  });

  it('never throws, whatever it is', () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 20 }),
        fc.constantFrom(...Object.keys(VAT_FORMATS)),
        (text, country) => {
          vatFault(plainVatId(country + text));
        },
      ),
    );
  });
});
