import { DEFAULT_SETTINGS, type TaxSettings } from './tax-settings.js';
import { type TaxBook, type TaxBuyer, taxRulesFor } from './tax-rules.js';
import { overlapOf, type Place, type TaxRate, type TaxZone, zoneOf } from './tax-zone.js';
import type { VatVerdict } from '../../platform/vat/vat-id.js';

const rate = (ratePpm: number, more: Partial<TaxRate> = {}): TaxRate => ({
  taxClass: 'standard',
  title: `VAT ${ratePpm}`,
  ratePpm,
  jurisdiction: null,
  compound: false,
  validFrom: null,
  validUntil: null,
  ...more,
});
const zone = (name: string, countries: string[], rates: TaxRate[], more: Partial<TaxZone> = {}): TaxZone => ({
  id: name,
  name,
  countries,
  areas: [],
  pricesIncludeTax: true,
  isDefault: false,
  rates,
  version: 1,
  ...more,
});
const germany = zone('Germany', ['DE'], [rate(190_000)], { isDefault: true });
const france = zone('France', ['FR'], [rate(200_000)]);
const greece = zone('Greece', ['GR'], [rate(240_000)]);
const canary = zone('Canary Islands', [], [rate(70_000)], {
  areas: [{ country: 'ES', region: null, postalPrefix: '35' }],
});
const spain = zone('Spain', ['ES'], [rate(210_000)]);
const quebec = zone(
  'Quebec',
  [],
  [rate(50_000, { jurisdiction: 'CA' }), rate(99_750, { jurisdiction: 'QC' })],
  {
    areas: [{ country: 'CA', region: 'QC', postalPrefix: null }],
  },
);
const britain = zone('Britain', ['GB'], [rate(200_000)]);
const world = zone('World', ['*'], [rate(0)], { pricesIncludeTax: false });
const zones = [germany, france, greece, canary, spain, quebec, britain, world];

const place = (country: string, more: Partial<Place> = {}): Place => ({
  country,
  region: null,
  postalCode: null,
  ...more,
});
const at = new Date('2026-11-21T10:00:00Z');
const asked = (settings: Partial<TaxSettings>, buyer: TaxBuyer, moment = at) => {
  const book: TaxBook = {
    zones,
    settings: { ...DEFAULT_SETTINGS, ...settings },
    asksProvider: false,
    at: moment,
  };
  return taxRulesFor(book, buyer);
};
const verdict = (status: VatVerdict['status']): VatVerdict => ({
  status,
  source: 'register',
  checkedAt: at.toISOString(),
  consultation: null,
});
const fromBerlin = { origin: place('DE') };
const austrian = { vatId: 'ATU13585627', vatCheck: verdict('valid') };

describe('the zone of a place', () => {
  it.each([
    ['its postal prefix', place('ES', { postalCode: '35001' }), 'Canary Islands', true],
    ['its country', place('ES', { postalCode: '28013' }), 'Spain', true],
    ['its region in any spelling', place('CA', { region: 'ca-qc' }), 'Quebec', true],
    ['everywhere else', place('CA', { region: 'ON' }), 'World', false],
  ])('is found by %s', (_what, where, name, isNamed) => {
    expect(zoneOf(zones, where)).toMatchObject({ zone: { name }, isNamed });
  });

  it('of the nearest kind wins: prefix, region, country', () => {
    const area = (region: string | null, postalPrefix: string | null) =>
      zone(`${region} ${postalPrefix}`, [], [], { areas: [{ country: 'US', region, postalPrefix }] });
    const all = [
      zone('US', ['US'], []),
      area('NY', null),
      area(null, '1'),
      area(null, '100'),
      area('NY', '100'),
    ];
    const name = (region: string, postalCode: string) =>
      zoneOf(all, place('US', { region, postalCode }))?.zone.name;
    expect(name('NY', '10001')).toBe('NY 100');
    expect(name('NJ', '10001')).toBe('null 100');
    expect(name('NY', '11201')).toBe('null 1');
    expect(name('NY', '2')).toBe('NY null');
    expect(name('TX', '7')).toBe('US');
  });
});

describe('rates', () => {
  const changing = zone(
    'Changing',
    ['DE'],
    [
      rate(190_000, { validUntil: '2027-01-01T00:00:00.000Z' }),
      rate(210_000, { validFrom: '2027-01-01T00:00:00.000Z' }),
    ],
  );

  it('change at their moment', () => {
    const rateAt = (moment: string) =>
      taxRulesFor(
        { zones: [changing], settings: DEFAULT_SETTINGS, asksProvider: false, at: new Date(moment) },
        { destination: place('DE') },
      ).rateOf('anything').ratePpm;
    expect(rateAt('2026-12-31T23:59:59.999Z')).toBe(190_000);
    expect(rateAt('2027-01-01T00:00:00.000Z')).toBe(210_000);
  });

  it('of one class and jurisdiction do not hold at the same time', () => {
    expect(overlapOf(changing.rates)).toBeNull();
    expect(overlapOf(quebec.rates)).toBeNull();
    expect(overlapOf([rate(1), rate(2, { taxClass: 'reduced' }), rate(3)])).toEqual({ index: 2, other: 0 });
    const early = rate(1, { validUntil: '2027-01-01T00:00:00.001Z' });
    expect(overlapOf([early, rate(2, { validFrom: '2027-01-01T00:00:00.000Z' })])).toEqual({
      index: 1,
      other: 0,
    });
  });
});

describe('whose rates hold', () => {
  const rule = (settings: Partial<TaxSettings>, where: Place | null) => {
    const { taxation, rateOf } = asked(settings, { destination: where });
    return [taxation.rule, taxation.zone, taxation.treatment, rateOf('standard').ratePpm];
  };

  it('as long as there is no origin, those of the address', () => {
    expect(rule({}, place('FR'))).toEqual(['destination', 'France', 'taxed', 200_000]);
    expect(rule({}, place('US'))).toEqual(['destination', 'World', 'taxed', 0]);
    expect(rule({}, null)).toEqual(['no_address', 'Germany', 'taxed', 190_000]);
  });

  it('in the country of the shop, those of the address or of the shop', () => {
    expect(rule(fromBerlin, place('DE'))).toEqual(['domestic_destination', 'Germany', 'taxed', 190_000]);
    const madrid = { origin: place('ES', { postalCode: '28013' }) };
    const canaries = place('ES', { postalCode: '35001' });
    expect(rule({ ...madrid, domestic: 'origin' }, canaries)).toEqual([
      'domestic_origin',
      'Spain',
      'taxed',
      210_000,
    ]);
    expect(rule(madrid, canaries)[1]).toBe('Canary Islands');
  });

  it('elsewhere in the EU, those of the address, or of the shop below the threshold', () => {
    expect(rule(fromBerlin, place('FR'))).toEqual(['union_destination', 'France', 'taxed', 200_000]);
    expect(rule({ ...fromBerlin, crossBorder: 'origin' }, place('FR'))).toEqual([
      'union_origin',
      'Germany',
      'taxed',
      190_000,
    ]);
  });

  it('outside, none, unless the shop is registered there', () => {
    expect(rule(fromBerlin, place('US'))).toEqual(['export', 'World', 'export', 0]);
    expect(rule(fromBerlin, place('GB'))).toEqual(['registered_abroad', 'Britain', 'taxed', 200_000]);
  });
});

describe('reverse charge', () => {
  const treatment = (settings: Partial<TaxSettings>, buyer: TaxBuyer) =>
    asked(settings, buyer).taxation.treatment;

  it('is for a valid VAT id and an address in other countries of the EU than the origin', () => {
    const free = asked(fromBerlin, { destination: place('FR'), ...austrian });
    expect(free.taxation).toMatchObject({ treatment: 'reverse_charge', vatId: 'ATU13585627' });
    expect(free.taxation.note).toContain('Reverse charge');
    expect([free.rateOf('standard').ratePpm, free.pricesIncludeTax]).toEqual([0, false]);
    expect(free.read?.rateOf('standard').ratePpm).toBe(200_000);
  });

  it.each([
    ['without an origin', {}, { destination: place('FR'), ...austrian }],
    ['in the country of the origin', fromBerlin, { destination: place('DE'), ...austrian }],
    ['outside of the EU', fromBerlin, { destination: place('GB'), ...austrian }],
    ['with an id of the origin', fromBerlin, { destination: place('FR'), ...austrian, vatId: 'DE136695976' }],
    [
      'with an id that is not valid',
      fromBerlin,
      { destination: place('FR'), ...austrian, vatCheck: verdict('invalid') },
    ],
    [
      'with one that nobody checked',
      fromBerlin,
      { destination: place('FR'), ...austrian, vatCheck: verdict('unverified') },
    ],
    ['without an id', fromBerlin, { destination: place('FR') }],
  ])('is not for somebody %s', (_what, settings, buyer) => {
    expect(treatment(settings, buyer)).toBe('taxed');
  });

  it('takes an id by its form when the shop says so', () => {
    const buyer = { destination: place('FR'), ...austrian, vatCheck: verdict('unverified') };
    expect(treatment({ ...fromBerlin, unverifiedVatIds: 'accept' }, buyer)).toBe('reverse_charge');
  });

  it('knows that Greece is EL on VAT ids', () => {
    const athens = { origin: place('GR') };
    expect(treatment(athens, { destination: place('FR'), ...austrian, vatId: 'EL094259216' })).toBe('taxed');
    expect(treatment(fromBerlin, { destination: place('GR'), ...austrian, vatId: 'EL094259216' })).toBe(
      'reverse_charge',
    );
  });
});

describe('exemption', () => {
  const certificate = {
    number: 'X-1',
    jurisdiction: 'CA-QC',
    validUntil: '2027-01-01T00:00:00.000Z',
    reason: 'Resale',
  };
  const montreal = place('CA', { region: 'QC' });

  it('is by customer group', () => {
    const { taxation } = asked(
      { exemptGroups: ['charities'] },
      { destination: place('DE'), groups: ['charities'] },
    );
    expect(taxation).toMatchObject({ treatment: 'exempt', exemption: { kind: 'group', group: 'charities' } });
  });

  it('is by a certificate, where and as long as it holds', () => {
    const buyer = { destination: montreal, certificates: [certificate] };
    expect(asked({}, buyer).taxation).toMatchObject({
      treatment: 'exempt',
      exemption: { number: 'X-1', reason: 'Resale' },
    });
    expect(asked({}, buyer, new Date(certificate.validUntil)).taxation.treatment).toBe('taxed');
    expect(asked({}, { ...buyer, destination: place('CA', { region: 'ON' }) }).taxation.treatment).toBe(
      'taxed',
    );
    expect(asked({}, { ...buyer, destination: null }).taxation.treatment).toBe('taxed');
  });
});

describe('prices abroad', () => {
  it('are read with the tax of the address while the gross stays, with that of home while the net does', () => {
    expect(asked(fromBerlin, { destination: place('FR') }).read).toBeUndefined();
    const kept = asked({ ...fromBerlin, foreignPrices: 'same_net' }, { destination: place('FR') });
    expect(kept.read?.rateOf('standard').ratePpm).toBe(190_000);
    expect(asked({ foreignPrices: 'same_net' }, { destination: place('DE') }).read).toBeUndefined();
  });
});
