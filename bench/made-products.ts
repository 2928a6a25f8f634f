/** Words that a shopper may look for; each title holds one of each list. */
const MATERIALS = ['red', 'oak', 'steel', 'linen', 'copper', 'glass', 'wool', 'pine', 'clay', 'silver'];
const THINGS = [
  ...[
    'lamp',
    'chair',
    'desk',
    'mug',
    'shelf',
    'cable',
    'phone',
    'kettle',
    'bag',
    'clock',
    'radio',
    'knife',
    'plate',
  ],
];

/** What the search scenarios look for: one frequent word, and pairs. */
export const SEARCH_WORDS = ['lamp', 'oak chair', 'steel desk', 'linen bag', 'copper kettle'];

const array = (words: string[]): string => `(ARRAY['${words.join("','")}'])`;

/** The products of both sides, as a table of the session that fills them: number, texts, price. */
export const madeProducts = (count: number): string => `
  CREATE TEMPORARY TABLE made AS
    SELECT n, 'p-' || n AS handle, material || ' ' || thing || ' ' || n AS title, 'brand-' || n % 161 AS brand,
           repeat('A sound and useful thing of ' || material || ' for every ' || thing || '. ', 6) AS description,
           material, 500 + (n * 37) % 9000 AS amount
      FROM generate_series(1, ${count}) n,
           LATERAL (SELECT ${array(MATERIALS)}[1 + n % ${MATERIALS.length}] AS material,
                           ${array(THINGS)}[1 + n / 7 % ${THINGS.length}] AS thing) AS words;
  CREATE INDEX ON made (n);
  ANALYZE made;
`;
