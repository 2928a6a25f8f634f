import { COMMON_PASSWORDS } from './common-passwords.js';

/** Counted in code points: a password of emoji is as long as it looks. */
export const MAXIMUM_LENGTH = 128;
/** Longer than any password that is taken: a body may bring so much, and these rules say why it is refused. */
export const MAX_SENT = 1_000;

/**
 * What people build passwords of. One is blocked when it is up to three of these in a row, whatever digits and signs are
 * put around them or in place of letters. With the list of whole passwords (ASVS 6.2.4 asks for 3,000) it catches what
 * becomes of common ones when a shop asks for fifteen characters.
 */
const COMMON = new Set(
  `password passwort motdepasse contrasena contrasenya wachtwoord senha haslo parola heslo secret geheim private letmein welcome willkommen
  bienvenue admin administrator root master login logon access user username guest test testing default changeme change temp temporary
  qwerty qwertz azerty qwertyuiop qwertzuiop azertyuiop asdf asdfgh asdfghjkl zxcvbn zxcvbnm yxcvbnm qazwsx qazwsxedc wsxedc poiuytrewq
  abc abcd abcde abcdef abcdefg abcdefgh aaaa iloveyou ilove loveyou love lovely sweetheart honey baby babygirl angel princess prince
  sunshine moonlight starlight shadow flower butterfly rainbow summer winter spring autumn january february march april june july august
  september october november december monday tuesday wednesday thursday friday saturday sunday football baseball basketball hockey soccer
  tennis golf fussball arsenal chelsea liverpool barcelona realmadrid juventus bayern dragon monkey tiger lion eagle panther horse dog cat
  puppy kitty snoopy batman superman spiderman pokemon pikachu starwars matrix naruto minecraft fortnite hello hallo bonjour hola ciao
  computer internet server network windows linux macintosh samsung iphone android google facebook instagram whatsapp youtube amazon
  michael jennifer jessica ashley daniel andrew joshua thomas robert charlie jordan george harley hunter ranger buster michelle nicole
  maggie ginger pepper cookie chocolate banana orange cheese coffee whiskey merlin freedom trustno whatever nothing something money
  business company office freiheit sommer schatz hund katze ficken fuck fuckyou pussy bitch killer hacker corvette mercedes porsche ferrari
  mustang yamaha diamond silver golden purple black white green blue red one two three four five six seven eight nine zero
  correct horse battery staple thequickbrownfox tobeornottobe`
    .split(/\s+/)
    .filter(Boolean),
);

const WORDS_AND_PASSWORDS: ReadonlySet<string> = new Set([...COMMON, ...COMMON_PASSWORDS]);

const LEET: Record<string, string> = {
  '0': 'o',
  '1': 'l',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '8': 'b',
  '@': 'a',
  $: 's',
  '!': 'i',
};
const RUNS = [
  'abcdefghijklmnopqrstuvwxyz',
  '01234567890123456789',
  'qwertyuiopasdfghjklzxcvbnm',
  'qwertzuiopasdfghjklyxcvbnm',
];

/** As it is hashed: two spellings of one character are one password. */
export const normalizePassword = (password: string): string => password.normalize('NFKC');

export type Weakness = 'too_short' | 'too_long' | 'common' | 'context' | 'blocked' | 'repetition';

/** A list of the shop's own: its lines as whole passwords, and the words in them. */
export const blockList = (lines: readonly string[]): ReadonlySet<string> =>
  new Set(lines.flatMap((line) => [normalizePassword(line).toLowerCase(), ...wordsOf(line)]));

/**
 * Why a password is refused, or null when it is good. `context` are words that everybody would try: shop, address;
 * `blocked` is a list of the shop's own, see `blockList`.
 */
export function weaknessOf(
  password: string,
  minimumLength: number,
  context: readonly string[],
  blocked: ReadonlySet<string> = new Set(),
): Weakness | null {
  const normal = normalizePassword(password);
  const length = [...normal].length;
  if (length < minimumLength) return 'too_short';
  if (length > MAXIMUM_LENGTH) return 'too_long';
  const lower = normal.toLowerCase();
  if (isMadeOf(lower, [WORDS_AND_PASSWORDS], 2)) return 'common';
  if (blocked.has(lower)) return 'blocked';
  if (new Set(lower).size < 4 || isRun(lower) || isRepeated(lower)) return 'repetition';
  const words = new Set(context.flatMap((word) => wordsOf(word)));
  for (const core of coresOf(lower)) {
    if (isMadeOf(core, [COMMON]) || isMadeOf(core, [WORDS_AND_PASSWORDS], 2)) return 'common';
    if (isMadeOf(core, [words, COMMON])) return 'context';
    if (isMadeOf(core, [blocked, words, COMMON])) return 'blocked';
  }
  return null;
}

/** What is left without digits and signs around and between, as typed and with signs read as letters. */
function coresOf(lower: string): string[] {
  // What stands around is decoration; what stands inside may be a letter.
  const inner = lower.replace(/^[^\p{L}]+|[^\p{L}]+$/gu, '');
  const read = inner.replace(/[0134578@$!]/g, (sign) => LEET[sign] ?? sign);
  return [lower, read].map((text) => text.replace(/[^\p{L}]+/gu, '')).filter((core) => core.length >= 3);
}

/** The words of a name or an address, and each side of it whole: `ada7byron9` is one word too. */
function wordsOf(text: string): string[] {
  const lower = normalizePassword(text).toLowerCase();
  const sides = lower.split('@').map((side) => side.replace(/[^\p{L}]+/gu, ''));
  return [...lower.split(/[^\p{L}]+/u), ...sides].filter((word) => word.length >= 3);
}

/** At most `left` words of these sets in a row, and nothing else; four common words are a good password. */
function isMadeOf(text: string, words: readonly ReadonlySet<string>[], left = 3): boolean {
  if (text === '') return true;
  if (left === 0) return false;
  for (let end = text.length; end >= 3; end--) {
    const known = words.some((set) => set.has(text.slice(0, end)));
    if (known && isMadeOf(text.slice(end), words, left - 1)) return true;
  }
  return false;
}

function isRun(lower: string): boolean {
  return RUNS.some((run) => {
    const both = run + [...run].reverse().join('');
    return (both + both).includes(lower);
  });
}

function isRepeated(lower: string): boolean {
  const half = lower.length / 2;
  for (let size = 1; size <= half; size++) {
    if (lower.length % size === 0 && size <= 6 && lower === lower.slice(0, size).repeat(lower.length / size))
      return true;
  }
  return false;
}
