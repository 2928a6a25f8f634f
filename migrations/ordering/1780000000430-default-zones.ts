import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Country, standard and reduced rate in parts per million; as of 2026, a starting point for the shop's own adviser. */
const VAT: [string, string, number, number | null][] = [
  ['Austria', 'AT', 200_000, 100_000],
  ['Belgium', 'BE', 210_000, 60_000],
  ['Bulgaria', 'BG', 200_000, 90_000],
  ['Croatia', 'HR', 250_000, 130_000],
  ['Cyprus', 'CY', 190_000, 90_000],
  ['Czechia', 'CZ', 210_000, 120_000],
  ['Denmark', 'DK', 250_000, null],
  ['Estonia', 'EE', 240_000, 130_000],
  ['Finland', 'FI', 255_000, 135_000],
  ['France', 'FR', 200_000, 55_000],
  ['Germany', 'DE', 190_000, 70_000],
  ['Greece', 'GR', 240_000, 130_000],
  ['Hungary', 'HU', 270_000, 180_000],
  ['Ireland', 'IE', 230_000, 135_000],
  ['Italy', 'IT', 220_000, 100_000],
  ['Latvia', 'LV', 210_000, 120_000],
  ['Lithuania', 'LT', 210_000, 120_000],
  ['Luxembourg', 'LU', 170_000, 80_000],
  ['Malta', 'MT', 180_000, 70_000],
  ['Netherlands', 'NL', 210_000, 90_000],
  ['Poland', 'PL', 230_000, 80_000],
  ['Portugal', 'PT', 230_000, 130_000],
  ['Romania', 'RO', 210_000, 110_000],
  ['Slovakia', 'SK', 230_000, 190_000],
  ['Slovenia', 'SI', 220_000, 95_000],
  ['Spain', 'ES', 210_000, 100_000],
  ['Sweden', 'SE', 250_000, 120_000],
];

interface Option {
  title: string;
  tiers: { upToGrams: number | null; price: { amount: number; currency: string } }[];
}

/** The same number in each currency: a price list to start from, not an exchange rate. */
const rate = (title: string, tiers: [number | null, number][]): Option => ({
  title,
  tiers: ['EUR', 'USD', 'GBP', 'CHF'].flatMap((currency) =>
    tiers.map(([upToGrams, amount]) => ({ upToGrams, price: { amount, currency } })),
  ),
});

/** A fresh shop can sell to Germany, the EU, the United States and everywhere else, and change all of it. */
export class OrderingDefaultZones1780000000430 implements MigrationInterface {
  readonly name = 'OrderingDefaultZones1780000000430';

  async up(runner: QueryRunner): Promise<void> {
    for (const [name, country, standard, reduced] of VAT) {
      const rates = [{ taxClass: 'standard', title: `VAT ${standard / 10_000} %`, ratePpm: standard }];
      if (reduced !== null)
        rates.push({ taxClass: 'reduced', title: `VAT ${reduced / 10_000} %`, ratePpm: reduced });
      await this.tax(runner, name, [country], true, rates);
    }
    const none = [{ taxClass: 'standard', title: 'No tax', ratePpm: 0 }];
    await this.tax(runner, 'United States', ['US'], false, none);
    await this.tax(runner, 'Rest of the world', ['*'], false, none);

    const union = VAT.map(([, country]) => country).filter((country) => country !== 'DE');
    await this.shipping(
      runner,
      'Germany',
      ['DE'],
      [
        rate('Standard', [[null, 490]]),
        rate('Express', [
          [2_000, 1290],
          [10_000, 1890],
          [31_500, 2990],
        ]),
      ],
    );
    await this.shipping(runner, 'European Union', union, [
      rate('Standard', [
        [2_000, 990],
        [10_000, 1690],
        [31_500, 2990],
        [null, 9900],
      ]),
    ]);
    await this.shipping(
      runner,
      'United States',
      ['US'],
      [
        rate('Standard', [
          [2_000, 1990],
          [10_000, 3990],
          [null, 9900],
        ]),
      ],
    );
    await this.shipping(
      runner,
      'Rest of the world',
      ['*'],
      [
        rate('Standard', [
          [2_000, 2490],
          [10_000, 4990],
          [null, 14_900],
        ]),
      ],
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DELETE FROM ordering.tax_zones');
    await runner.query('DELETE FROM ordering.shipping_zones');
  }

  private async tax(
    runner: QueryRunner,
    name: string,
    countries: string[],
    included: boolean,
    rates: object[],
  ) {
    await runner.query(
      `WITH zone AS (
        INSERT INTO ordering.tax_zones (id, name, prices_include_tax, is_default, rates)
        VALUES (gen_random_uuid(), $1, $2, $3, $4) RETURNING id
      )
      INSERT INTO ordering.tax_zone_countries (country, zone_id) SELECT unnest($5::text[]), id FROM zone`,
      [name, included, countries.includes('DE'), JSON.stringify(rates), countries],
    );
  }

  private async shipping(runner: QueryRunner, name: string, countries: string[], options: Option[]) {
    await runner.query(
      `WITH zone AS (
        INSERT INTO ordering.shipping_zones (id, name, options)
        SELECT gen_random_uuid(), $1, jsonb_agg(o || jsonb_build_object('id', gen_random_uuid()) ORDER BY n)
        FROM jsonb_array_elements($2::jsonb) WITH ORDINALITY AS e (o, n) RETURNING id
      )
      INSERT INTO ordering.shipping_zone_countries (country, zone_id) SELECT unnest($3::text[]), id FROM zone`,
      [name, JSON.stringify(options), countries],
    );
  }
}
