/** One row of a batch: an amount that goes from one account to another. */
export interface BatchRow {
  /** Minor units, above zero. */
  readonly units: bigint;
  readonly debit: string;
  readonly credit: string;
}

/** One leg of a transaction: debit positive, credit negative, in minor units. */
export interface BatchLeg {
  readonly account: string;
  readonly units: bigint;
}

/**
 * Rows that move the same as the legs: a batch knows pairs of accounts only. Debits and credits are paired in their order, as
 * much of each as the other can take; the sums of every account stay what they are.
 */
export function pairsOf(legs: readonly BatchLeg[]): BatchRow[] {
  const side = (sign: bigint) =>
    legs
      .filter(({ units }) => units * sign > 0n)
      .map(({ account, units }) => ({ account, left: units * sign }));
  const [debits, credits] = [side(1n), side(-1n)];
  const rows: BatchRow[] = [];
  for (let [d, c] = [0, 0]; ;) {
    const [debit, credit] = [debits[d], credits[c]];
    if (!debit || !credit) return rows;
    const units = debit.left < credit.left ? debit.left : credit.left;
    rows.push({ units, debit: debit.account, credit: credit.account });
    debit.left -= units;
    credit.left -= units;
    if (debit.left === 0n) d++;
    if (credit.left === 0n) c++;
  }
}

export interface BatchHeader {
  readonly consultantNumber: number;
  readonly clientNumber: number;
  /** `2026-01-01`. */
  readonly fiscalYearStart: string;
  readonly accountLength: number;
  readonly chart: string | null;
  readonly from: string;
  readonly to: string;
  readonly title: string;
  readonly currency: string;
  /** Closed for good: nothing of it may be changed where it is imported. */
  readonly isClosed: boolean;
  /** `20261121103000000`. */
  readonly madeAt: string;
}

const text = (value: string): string => `"${value.replace(/"/g, '""')}"`;
const plain = (day: string): string => day.replace(/-/g, '');

/** The first line of a batch, EXTF 700, category 21, version 13. */
export const headerLine = (of: BatchHeader): string =>
  [
    ...[
      text('EXTF'),
      '700',
      '21',
      text('Buchungsstapel'),
      '13',
      of.madeAt,
      '',
      text('GH'),
      text(''),
      text(''),
    ],
    ...[of.consultantNumber, of.clientNumber, plain(of.fiscalYearStart), of.accountLength, plain(of.from)],
    ...[plain(of.to), text(of.title.slice(0, 30)), text(''), '1', '0', of.isClosed ? '1' : '0'],
    ...[text(of.currency), '', text(''), '', '', text(of.chart ?? ''), '', '', '', text('')],
  ].join(';');

const numbered = (count: number, ...names: string[]): string[] =>
  Array.from({ length: count }, (_, n) => names.map((name) => `${name} ${n + 1}`)).flat();

/** The columns of a batch in their order; what this shop does not know stays empty. */
export const COLUMNS: readonly string[] = [
  ...[
    'Umsatz (ohne Soll/Haben-Kz)',
    'Soll/Haben-Kennzeichen',
    'WKZ Umsatz',
    'Kurs',
    'Basis-Umsatz',
    'WKZ Basis-Umsatz',
  ],
  ...[
    'Konto',
    'Gegenkonto (ohne BU-Schlüssel)',
    'BU-Schlüssel',
    'Belegdatum',
    'Belegfeld 1',
    'Belegfeld 2',
    'Skonto',
  ],
  ...[
    'Buchungstext',
    'Postensperre',
    'Diverse Adressnummer',
    'Geschäftspartnerbank',
    'Sachverhalt',
    'Zinssperre',
    'Beleglink',
  ],
  ...numbered(8, 'Beleginfo - Art', 'Beleginfo - Inhalt'),
  ...['KOST1 - Kostenstelle', 'KOST2 - Kostenstelle', 'KOST-Menge', 'EU-Mitgliedstaat u. UStID (Bestimmung)'],
  ...['EU-Steuersatz (Bestimmung)', 'Abw. Versteuerungsart', 'Sachverhalt L+L', 'Funktionsergänzung L+L'],
  ...['BU 49 Hauptfunktionstyp', 'BU 49 Hauptfunktionsnummer', 'BU 49 Funktionsergänzung'],
  ...numbered(20, 'Zusatzinformation - Art', 'Zusatzinformation - Inhalt'),
  ...[
    'Stück',
    'Gewicht',
    'Zahlweise',
    'Forderungsart',
    'Veranlagungsjahr',
    'Zugeordnete Fälligkeit',
    'Skontotyp',
  ],
  ...['Auftragsnummer', 'Buchungstyp', 'USt-Schlüssel (Anzahlungen)', 'EU-Mitgliedstaat (Anzahlungen)'],
  ...[
    'Sachverhalt L+L (Anzahlungen)',
    'EU-Steuersatz (Anzahlungen)',
    'Erlöskonto (Anzahlungen)',
    'Herkunft-Kz',
    'Leerfeld',
  ],
  ...[
    'KOST-Datum',
    'SEPA-Mandatsreferenz',
    'Skontosperre',
    'Gesellschaftername',
    'Beteiligtennummer',
    'Identifikationsnummer',
  ],
  ...[
    'Zeichnernummer',
    'Postensperre bis',
    'Bezeichnung SoBil-Sachverhalt',
    'Kennzeichen SoBil-Buchung',
    'Festschreibung',
  ],
  ...['Leistungsdatum', 'Datum Zuord. Steuerperiode', 'Fälligkeit', 'Generalumkehr', 'Steuersatz', 'Land'],
  ...[
    'Abrechnungsreferenz',
    'BVV-Position',
    'EU-Mitgliedstaat u. UStID (Ursprung)',
    'EU-Steuersatz (Ursprung)',
    'Abw. Skontokonto',
  ],
];

export interface BatchEntry {
  /** In units of the currency with a comma: `19,99`. */
  readonly amount: string;
  readonly currency: string;
  readonly debit: string;
  readonly credit: string;
  readonly taxKey: string | null;
  readonly day: string;
  /** At most 36 characters, such as the number of an invoice. */
  readonly document: string;
  readonly document2: string;
  readonly text: string;
  readonly isClosed: boolean;
}

/** One row of a batch: always from the side of the debit. */
export function entryLine(of: BatchEntry): string {
  const cells = COLUMNS.map(() => '');
  const [, month = '', day = ''] = of.day.split('-');
  const head = [
    of.amount,
    text('S'),
    text(of.currency),
    '',
    '',
    '',
    of.debit,
    of.credit,
    text(of.taxKey ?? ''),
  ];
  cells.splice(0, head.length, ...head);
  cells.splice(
    9,
    5,
    `${day}${month}`,
    text(of.document.slice(0, 36)),
    text(of.document2.slice(0, 12)),
    '',
    text(of.text.slice(0, 60)),
  );
  cells[COLUMNS.indexOf('Festschreibung')] = of.isClosed ? '1' : '0';
  return cells.join(';');
}
