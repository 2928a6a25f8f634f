import { DiscoveryModule } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { pagesOf, PersonalData, type PersonalDataPage, type PersonalDataProvider } from './personal-data.js';
import { PersonalDataRegistry } from './personal-data.registry.js';

class Provider implements PersonalDataProvider {
  constructor(
    readonly name: string,
    readonly turn: number,
    private readonly because: string[] = [],
  ) {}
  async *collect(): AsyncGenerator<PersonalDataPage> {
    yield* pagesOf('nothing', () => Promise.resolve([]));
  }
  hindrances(): Promise<string[]> {
    return Promise.resolve(this.because);
  }
  erase(): Promise<void> {
    return Promise.resolve();
  }
}

@PersonalData()
class Late extends Provider {
  constructor() {
    super('late', 9, ['It is too early.']);
  }
}
@PersonalData()
class Soon extends Provider {
  constructor() {
    super('soon', 1, ['It is not time.']);
  }
}
@PersonalData()
class Again extends Provider {
  constructor() {
    super('soon', 2);
  }
}

const start = async (...providers: (new () => Provider)[]) => {
  const module = await Test.createTestingModule({
    imports: [DiscoveryModule],
    providers: [PersonalDataRegistry, ...providers],
  }).compile();
  await module.init();
  return module.get(PersonalDataRegistry);
};

describe('those who know something about people', () => {
  it('are found, erase in their turn and all say what stands in the way', async () => {
    const registry = await start(Late, Soon);
    expect(registry.inTurn().map(({ name }) => name)).toEqual(['soon', 'late']);
    expect(await registry.hindrances({ customerId: null, email: null })).toEqual([
      'It is not time.',
      'It is too early.',
    ]);
  });

  it('are one for each module, or nothing starts', async () => {
    await expect(start(Soon, Again)).rejects.toThrow('two classes answer for the personal data of soon');
  });

  it('tell in pages, and of nothing that it is nothing', async () => {
    const read = (after: number | null, limit: number) =>
      Promise.resolve([...Array(250).keys()].filter((n) => n > (after ?? -1)).slice(0, limit));
    const sizes: number[] = [];
    const rows: unknown[] = [];
    for await (const page of pagesOf('numbers', read)) {
      sizes.push(page.rows.length);
      rows.push(...page.rows);
    }
    expect(sizes).toEqual([100, 100, 50]);
    expect(rows).toEqual([...Array(250).keys()]);
    const empty: PersonalDataPage[] = [];
    for await (const page of pagesOf('nothing', () => Promise.resolve([]))) empty.push(page);
    expect(empty).toEqual([{ section: 'nothing', rows: [] }]);
  });
});
