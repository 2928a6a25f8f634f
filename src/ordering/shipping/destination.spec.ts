import fc from 'fast-check';
import { type Area, type Destination, zoneFor } from './destination.js';

interface Place {
  id: string;
  countries: string[];
  areas: Area[];
}

const place = (id: string, countries: string[], ...areas: Partial<Area>[]): Place => ({
  id,
  countries,
  areas: areas.map((area) => ({ country: 'IT', region: null, postalFrom: null, postalTo: null, ...area })),
});
const codes = (postalFrom: string, postalTo = postalFrom) => ({ postalFrom, postalTo });

describe('the zone of a destination', () => {
  const zones = [
    place('world', ['*']),
    place('italy', ['IT']),
    place('islands', [], { region: 'Sicily' }, codes('07', '09')),
    place('sicily-south', [], { region: 'sicily ', ...codes('90', '98') }),
    place('south', [], codes('80', '98')),
    place('palermo', [], codes('901')),
    place('scotland', [], { country: 'GB', ...codes('AB', 'ZE') }, { country: 'GB', ...codes('IV') }),
  ];
  const of = (country: string, postalCode: string | null = null, region: string | null = null) =>
    zoneFor(zones, { country, region, postalCode })?.id;

  it('is the most specific one', () => {
    expect(of('JP')).toBe('world');
    expect(of('IT')).toBe('italy');
    expect(of('IT', '20121')).toBe('italy');
    expect(of('IT', '20121', 'SICILY')).toBe('islands');
    expect(of('IT', '09124')).toBe('islands');
    expect(of('IT', '98100')).toBe('south');
    expect(of('IT', '90121')).toBe('palermo');
    expect(of('IT', '90121', 'Sicily')).toBe('sicily-south');
    expect(of('GB', 'iv2 3aa')).toBe('scotland');
    expect(of('GB', 'AA1 1AA')).toBe('world');
    expect(zoneFor(zones.slice(1), { country: 'JP', region: null, postalCode: null })).toBeUndefined();
  });

  const digits = fc.stringMatching(/^\d{1,5}$/);
  const range = fc
    .tuple(digits, digits)
    .filter(([a, b]) => a.length === b.length)
    .map(([a, b]) => (a < b ? codes(a, b) : codes(b, a)));
  const region = fc.constantFrom(null, 'North', 'South');
  const area = fc
    .record({ region, range: fc.option(range) })
    .map(({ region: name, range: within }): Partial<Area> => ({ region: name, ...within }));
  const some = fc.array(
    fc.record({ countries: fc.subarray(['IT', 'FR', '*']), areas: fc.array(area, { maxLength: 4 }) }),
    { maxLength: 6 },
  );
  const destination = fc.record({
    country: fc.constantFrom('IT', 'FR', 'JP'),
    region,
    postalCode: fc.option(fc.stringMatching(/^\d{5}$/)),
  });

  it('is there whenever any zone has the destination, in whatever order, and no other has it more closely', () => {
    fc.assert(
      fc.property(some, destination, (list, where) => {
        const given = list.map(({ countries, areas }, index) => place(`z${index}`, countries, ...areas));
        const found = zoneFor(given, where);
        expect(zoneFor([...given].reverse(), where)?.id).toBe(found?.id);
        const closest = Math.max(-1, ...given.map((one) => levelOf(one, where)));
        expect(found ? levelOf(found, where) : -1).toBe(closest);
      }),
    );
  });
});

/** The same judgement in other words: 4 codes in a region, 3 codes, 2 region, 1 country, 0 everywhere else. */
function levelOf({ countries, areas }: Place, { country, region, postalCode }: Destination): number {
  const levels = areas
    .filter((area) => area.country === country && (area.region === null || area.region === region))
    .filter(({ postalFrom, postalTo }) => {
      if (postalFrom === null || postalTo === null) return true;
      const start = (postalCode ?? '').slice(0, postalFrom.length);
      return start.length === postalFrom.length && start >= postalFrom && start <= postalTo;
    })
    .map((area) => 1 + (area.region === null ? 0 : 1) + (area.postalFrom === null ? 0 : 2));
  if (countries.includes(country)) levels.push(1);
  if (countries.includes('*')) levels.push(0);
  return Math.max(-1, ...levels);
}
