/** Named by the first that fits: every browser also claims to be those after it. */
const BROWSERS: readonly (readonly [name: string, sign: RegExp])[] = [
  ['Edge', /\bEdg(?:e|A|iOS)?\//],
  ['Opera', /\b(?:OPR|OPiOS|Opera)\//],
  ['Samsung Internet', /\bSamsungBrowser\//],
  ['Firefox', /\b(?:Firefox|FxiOS)\//],
  ['Chrome', /\b(?:Chrome|Chromium|CriOS|HeadlessChrome)\//],
  ['Safari', /\bVersion\/[\d.]+.*\bSafari\//],
  ['Internet Explorer', /\bTrident\/|\bMSIE /],
];
const SYSTEMS: readonly (readonly [name: string, sign: RegExp])[] = [
  ['iPhone', /\biPhone\b/],
  ['iPad', /\biPad\b/],
  ['Android', /\bAndroid\b/],
  ['ChromeOS', /\bCrOS\b/],
  ['Windows', /\bWindows\b/],
  ['macOS', /\bMac(?: OS X|intosh)\b/],
  ['Linux', /\bLinux\b|\bX11\b/],
];

/**
 * A `User-Agent` as its owner knows it: `Firefox on Linux`. A program goes by the name before its version, `curl`; null
 * where nothing is known. Versions and models are left out: they tell people apart and help nobody to recognise a place.
 */
export function familyOf(userAgent: string | null): string | null {
  if (userAgent === null) return null;
  const [browser, system] = [BROWSERS, SYSTEMS].map(
    (list) => list.find(([, sign]) => sign.test(userAgent))?.[0],
  );
  if (browser !== undefined) return system === undefined ? browser : `${browser} on ${system}`;
  if (system !== undefined) return system;
  const [program] = /^[A-Za-z][\w.-]{0,39}(?=$|[/ ])/.exec(userAgent) ?? [];
  return program === undefined || program === 'Mozilla' ? null : program;
}
