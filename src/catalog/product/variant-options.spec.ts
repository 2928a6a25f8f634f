import { faultsOfChoices } from './variant-options.js';

const COLOUR = { name: 'Colour', values: ['Blue', 'Red'] };
const SIZE = { name: 'Size / cm', values: ['S', 'M'] };

describe('faultsOfChoices', () => {
  const codes = (options: (typeof COLOUR)[], ...choices: Record<string, string>[]) =>
    faultsOfChoices(
      options,
      choices.map((each, index) => ({ at: `/variants/${index}`, choices: each })),
    ).map(({ pointer, code }) => `${pointer} ${code}`);

  it.each<[string, (typeof COLOUR)[], Record<string, string>[], string[]]>([
    ['each once', [COLOUR], [{ Colour: 'Blue' }, { Colour: 'Red' }], []],
    ['no options', [], [{}, {}], []],
    ['an unknown value', [COLOUR], [{ Colour: 'Green' }], ['/variants/0/options/Colour unknown_value']],
    ['a missing choice', [COLOUR], [{}], ['/variants/0/options/Colour unknown_value']],
    ['an unknown option', [], [{ Colour: 'Blue' }], ['/variants/0/options/Colour unknown_option']],
    ['the same twice', [COLOUR], [{ Colour: 'Blue' }, { Colour: 'Blue' }], ['/variants/1/options duplicate']],
    [
      'a name that JSON Pointer escapes',
      [SIZE],
      [{ 'Size / cm': 'L' }],
      ['/variants/0/options/Size ~1 cm unknown_value'],
    ],
    [
      'a name of every object',
      [COLOUR],
      [{ Colour: 'constructor' }],
      ['/variants/0/options/Colour unknown_value'],
    ],
  ])('%s', (_, options, choices, expected) => {
    expect(codes(options, ...choices)).toEqual(expected);
  });
});
