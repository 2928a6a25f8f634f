/** Longer headers are nobody's wish. */
const MAX_HEADER = 500;
const MAX_TAG = 35;

/** The canonical form of a BCP 47 language tag (`de-at` is `de-AT`); null for what is none. */
export function canonicalLocale(tag: string): string | null {
  if (tag.length > MAX_TAG || !/^[a-z]{2,3}(-|$)/i.test(tag)) return null;
  try {
    const [canonical] = Intl.getCanonicalLocales(tag);
    return canonical ?? null;
  } catch {
    return null;
  }
}

/** The tag and what it falls back to, shorter by a part each (RFC 4647 3.4): `de-AT`, `de`. */
export function chainOf(tag: string): string[] {
  const parts = tag.split('-');
  return parts.flatMap((part, at) => (part.length === 1 ? [] : [parts.slice(0, at + 1).join('-')])).reverse();
}

/** Language tags of `Accept-Language` in the order of preference; `*` stays what it is. */
export function acceptedLocales(header: string): string[] {
  return header
    .slice(0, MAX_HEADER)
    .split(',')
    .map((range, place) => {
      const [tag = '', ...rest] = range.trim().split(/\s*;\s*/);
      const quality = rest.map((one) => /^q=([01](?:\.\d{0,3})?)$/i.exec(one)?.[1]).find(Boolean);
      return { tag: tag === '*' ? tag : canonicalLocale(tag), quality: Number(quality ?? 1), place };
    })
    .filter(({ tag, quality }) => tag !== null && quality > 0)
    .sort((a, b) => b.quality - a.quality || a.place - b.place)
    .map(({ tag }) => tag ?? '');
}
