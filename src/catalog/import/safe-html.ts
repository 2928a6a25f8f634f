/** Elements that a product text may keep, without any attribute: nothing can run, load or restyle the page. */
const KEPT = new Set([
  'p',
  'br',
  'ul',
  'ol',
  'li',
  'strong',
  'b',
  'em',
  'i',
  'u',
  'h2',
  'h3',
  'h4',
  'h5',
  'h6',
  'blockquote',
]);
/** Elements whose content is no text either. */
const DROPPED =
  /<(script|style|iframe|object|embed|template|noscript|svg|math|head|title)\b[\s\S]*?(?:<\/\1\s*>|$)/gi;

/**
 * Makes HTML from a stranger's file harmless: kept elements lose their attributes, every other tag goes and leaves
 * its text, and a `<` that begins no tag is escaped. What comes out holds no tag that is not in the list.
 */
export function safeHtml(html: string): string {
  const stripped = html.replace(/<!--[\s\S]*?(?:-->|$)/g, '').replace(DROPPED, ' ');
  let safe = '';
  let at = 0;
  for (const match of stripped.matchAll(/<(\/?)([a-z][a-z0-9]*)\b[^<>]*>/gi)) {
    safe += escape(stripped.slice(at, match.index));
    const name = (match[2] ?? '').toLowerCase();
    safe += KEPT.has(name) ? `<${match[1] ?? ''}${name}>` : ' ';
    at = match.index + match[0].length;
  }
  safe += escape(stripped.slice(at));
  return safe.replace(/[^\S\n]+/g, ' ').trim();
}

const escape = (text: string): string => text.replace(/</g, '&lt;').replace(/>/g, '&gt;');
