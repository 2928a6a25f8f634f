/** What the VAT ids of a country look like after its letters, and whether their check digits are right. */
export interface VatFormat {
  pattern: RegExp;
  isRight(number: string): boolean;
}

const digitsOf = (text: string): number[] => [...text].map(Number);
const digit = (text: string, index: number): number => Number(text[index]);

/** Σ digit × weight over as many digits as there are weights. */
const weighted = (text: string, weights: readonly number[]): number =>
  weights.reduce((sum, weight, index) => sum + weight * digit(text, index), 0);

const luhn = (text: string): boolean =>
  digitsOf(text)
    .reverse()
    .map((one, index) => (index % 2 === 0 ? one : one > 4 ? one * 2 - 9 : one * 2))
    .reduce((sum, one) => sum + one, 0) %
    10 ===
  0;

/** ISO 7064, MOD 11,10. */
function mod11by10(text: string): boolean {
  let product = 10;
  for (const one of digitsOf(text.slice(0, -1))) {
    const sum = (one + product) % 10 || 10;
    product = (sum * 2) % 11;
  }
  return (11 - product) % 10 === digit(text, text.length - 1);
}

function bulgarian(text: string): boolean {
  if (text.length === 9) {
    const first = weighted(text, [1, 2, 3, 4, 5, 6, 7, 8]) % 11;
    const check = first === 10 ? (weighted(text, [3, 4, 5, 6, 7, 8, 9, 10]) % 11) % 10 : first;
    return check === digit(text, 8);
  }
  const last = digit(text, 9);
  return (
    (weighted(text, [2, 4, 8, 5, 10, 9, 7, 3, 6]) % 11) % 10 === last ||
    weighted(text, [21, 19, 17, 13, 11, 9, 7, 3, 1]) % 10 === last ||
    (11 - (weighted(text, [4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11)) % 11 === last
  );
}

function cypriot(text: string): boolean {
  const odd = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21];
  const sum = digitsOf(text.slice(0, 8)).reduce(
    (all, one, index) => all + (index % 2 === 0 ? (odd[one] ?? 0) : one),
    0,
  );
  return text[8] === String.fromCharCode(65 + (sum % 26));
}

function czech(text: string): boolean {
  if (text.length === 8)
    return (11 - (weighted(text, [8, 7, 6, 5, 4, 3, 2]) % 11) || 11) % 10 === digit(text, 7);
  // Birth numbers: those of ten digits are divisible by eleven, the old ones of nine have no check.
  return (
    text.length === 9 || Number(text) % 11 === 0 || (Number(text.slice(0, 9)) % 11 === 10 && text[9] === '0')
  );
}

const SPANISH_PERSON = 'TRWAGMYFPDXBNJZSQVHLCKE';

function spanish(text: string): boolean {
  const last = text[8] ?? '';
  const person = /^(\d{8}|[XYZ]\d{7})[A-Z]$/.test(text);
  if (person)
    return (
      SPANISH_PERSON[Number(text.slice(0, 8).replace(/^[XYZ]/, (one) => `${'XYZ'.indexOf(one)}`)) % 23] ===
      last
    );
  if (/^[KLM]/.test(text)) return SPANISH_PERSON[Number(text.slice(1, 8)) % 23] === last;
  const sum = digitsOf(text.slice(1, 8)).reduce(
    (all, one, index) => all + (index % 2 === 1 ? one : one > 4 ? one * 2 - 9 : one * 2),
    0,
  );
  const check = (10 - (sum % 10)) % 10;
  return last === `${check}` || ('JABCDEFGHI'[check] === last && !/^[ABEH]/.test(text));
}

const FRENCH = '0123456789ABCDEFGHJKLMNPQRSTUVWXYZ';

function french(text: string): boolean {
  const siren = Number(text.slice(2));
  if (/^\d\d/.test(text)) return (12 + 3 * (siren % 97)) % 97 === Number(text.slice(0, 2));
  const [first, second] = [FRENCH.indexOf(text[0] ?? ''), FRENCH.indexOf(text[1] ?? '')];
  const check = first < 10 ? first * 24 + second - 10 : first * 34 + second - 100;
  return (siren + 1 + Math.floor(check / 11)) % 11 === check % 11;
}

const IRISH = 'WABCDEFGHIJKLMNOPQRSTUV';

function irish(text: string): boolean {
  const old = /^(\d)[A-Z+*](\d{5})([A-W])$/.exec(text);
  const [number, check, more] = old
    ? [`0${old[2]}${old[1]}`, old[3], 0]
    : [text.slice(0, 7), text[7], Math.max(IRISH.indexOf(text[8] ?? 'W'), 0)];
  return IRISH[(weighted(number, [8, 7, 6, 5, 4, 3, 2]) + 9 * more) % 23] === check;
}

function lithuanian(text: string): boolean {
  const length = text.length - 1;
  const weights = (from: number) => Array.from({ length }, (_, index) => 1 + ((index + from) % 9));
  const first = weighted(text, weights(0)) % 11;
  return (first === 10 ? (weighted(text, weights(2)) % 11) % 10 : first) === digit(text, length);
}

function latvian(text: string): boolean {
  if (digit(text, 0) > 3) return weighted(text, [9, 1, 4, 8, 3, 10, 2, 5, 7, 6, 1]) % 11 === 3;
  // Personal codes that begin with 32 say nothing about their person, and have no check.
  if (text.startsWith('32')) return true;
  return ((1 + weighted(text, [10, 5, 8, 4, 2, 1, 6, 3, 7, 9])) % 11) % 10 === digit(text, 10);
}

function dutch(text: string): boolean {
  if (weighted(text, [9, 8, 7, 6, 5, 4, 3, 2]) % 11 === digit(text, 8)) return true;
  // Since 2020 those of persons are random, and the whole is 1 modulo 97 with letters as numbers.
  return BigInt(`2321${text.slice(0, 9)}11${text.slice(10)}`) % 97n === 1n;
}

function austrian(text: string): boolean {
  const sum = digitsOf(text.slice(1, 8))
    .map((one, index) => (index % 2 === 0 ? one : one > 4 ? one * 2 - 9 : one * 2))
    .reduce((all, one) => all + one, 0);
  return (10 - ((sum + 4) % 10)) % 10 === digit(text, 8);
}

/** Eleven less the sum modulo eleven; what has no digit for it is 0. */
const elevenLess = (text: string, weights: readonly number[]): boolean => {
  const check = 11 - (weighted(text, weights) % 11);
  return (check > 9 ? 0 : check) === digit(text, weights.length);
};

/**
 * By the letters that VAT ids begin with. Public rules of the member states, as the Commission (VIES) and the OECD list
 * them. Where a country has published no check, the form has to do.
 */
export const VAT_FORMATS: Readonly<Record<string, VatFormat>> = {
  AT: { pattern: /^U\d{8}$/, isRight: austrian },
  BE: {
    pattern: /^[01]\d{9}$/,
    isRight: (text) => 97 - (Number(text.slice(0, 8)) % 97) === Number(text.slice(8)),
  },
  BG: { pattern: /^\d{9,10}$/, isRight: bulgarian },
  CY: { pattern: /^(?!12)\d{8}[A-Z]$/, isRight: cypriot },
  CZ: { pattern: /^(?:[0-8]\d{7}|\d{9,10})$/, isRight: czech },
  DE: { pattern: /^[1-9]\d{8}$/, isRight: mod11by10 },
  DK: { pattern: /^[1-9]\d{7}$/, isRight: (text) => weighted(text, [2, 7, 6, 5, 4, 3, 2, 1]) % 11 === 0 },
  EE: {
    pattern: /^10\d{7}$/,
    isRight: (text) => (10 - (weighted(text, [3, 7, 1, 3, 7, 1, 3, 7]) % 10)) % 10 === digit(text, 8),
  },
  EL: {
    pattern: /^\d{9}$/,
    isRight: (text) => (weighted(text, [256, 128, 64, 32, 16, 8, 4, 2]) % 11) % 10 === digit(text, 8),
  },
  ES: { pattern: /^(?:[A-HJ-NP-SUVW]\d{7}[A-J\d]|[KLMXYZ]\d{7}[A-Z]|\d{8}[A-Z])$/, isRight: spanish },
  FI: { pattern: /^\d{8}$/, isRight: (text) => elevenLess(text, [7, 9, 10, 5, 8, 4, 2]) },
  FR: { pattern: /^[A-HJ-NP-Z\d]{2}\d{9}$/, isRight: french },
  HR: { pattern: /^\d{11}$/, isRight: mod11by10 },
  HU: {
    pattern: /^\d{8}$/,
    isRight: (text) => (10 - (weighted(text, [9, 7, 3, 1, 9, 7, 3]) % 10)) % 10 === digit(text, 7),
  },
  IE: { pattern: /^(?:\d[A-Z+*]\d{5}[A-W]|\d{7}[A-W][A-IW]?)$/, isRight: irish },
  IT: { pattern: /^(?!0{7})\d{11}$/, isRight: luhn },
  LT: { pattern: /^(?:\d{7}1\d|\d{10}1\d)$/, isRight: lithuanian },
  LU: { pattern: /^\d{8}$/, isRight: (text) => Number(text.slice(0, 6)) % 89 === Number(text.slice(6)) },
  LV: { pattern: /^\d{11}$/, isRight: latvian },
  MT: {
    pattern: /^[1-9]\d{7}$/,
    isRight: (text) => 37 - (weighted(text, [3, 4, 6, 7, 8, 9]) % 37) === Number(text.slice(6)),
  },
  NL: { pattern: /^\d{9}B\d{2}$/, isRight: dutch },
  PL: {
    pattern: /^\d{10}$/,
    isRight: (text) => weighted(text, [6, 5, 7, 2, 3, 4, 5, 6, 7]) % 11 === digit(text, 9),
  },
  PT: { pattern: /^[1-9]\d{8}$/, isRight: (text) => elevenLess(text, [9, 8, 7, 6, 5, 4, 3, 2]) },
  RO: {
    pattern: /^[1-9]\d{1,9}$/,
    isRight: (text) => {
      const padded = text.padStart(10, '0');
      return ((weighted(padded, [7, 5, 3, 2, 1, 7, 5, 3, 2]) * 10) % 11) % 10 === digit(padded, 9);
    },
  },
  SE: { pattern: /^\d{10}(?:0[1-9]|[1-8]\d|9[0-4])$/, isRight: (text) => luhn(text.slice(0, 10)) },
  SI: {
    pattern: /^[1-9]\d{7}$/,
    isRight: (text) => {
      const check = 11 - (weighted(text, [8, 7, 6, 5, 4, 3, 2]) % 11);
      return (check === 10 ? 0 : check) === digit(text, 7);
    },
  },
  SK: { pattern: /^[1-9]\d[2-47-9]\d{7}$/, isRight: (text) => Number(text) % 11 === 0 },
};
