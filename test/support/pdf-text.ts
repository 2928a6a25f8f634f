import { inflateSync } from 'node:zlib';

/**
 * The text of a PDF as its pages show it, a line for each time that something is written. Reads what our own documents use: fonts by
 * glyph (Identity-H) that say which letters their glyphs are, and compressed streams.
 */
export function pdfText(bytes: Buffer): string {
  const source = bytes.toString('latin1');
  if (!source.startsWith('%PDF-') || !source.trimEnd().endsWith('%%EOF'))
    throw new Error('it is no whole PDF');
  const objects = new Map<string, string>();
  for (const [, id = '', body = ''] of source.matchAll(/(\d+) 0 obj\n([\s\S]*?)\nendobj/g))
    objects.set(id, body);
  const streamOf = (body: string): string => {
    const raw = /stream\n([\s\S]*?)\nendstream/.exec(body)?.[1];
    if (raw === undefined) return '';
    const data = Buffer.from(raw, 'latin1');
    return (body.includes('/FlateDecode') ? inflateSync(data) : data).toString('latin1');
  };
  const letters = new Map<string, Map<string, string>>();
  for (const body of objects.values())
    for (const [, name = '', id = ''] of body.matchAll(/\/(F\d+) (\d+) 0 R/g)) {
      const unicode = /\/ToUnicode (\d+) 0 R/.exec(objects.get(id) ?? '')?.[1];
      if (unicode) letters.set(name, glyphsOf(streamOf(objects.get(unicode) ?? '')));
    }
  const lines: string[] = [];
  for (const body of objects.values()) {
    const content = streamOf(body);
    if (!/\bTJ\b/.test(content)) continue;
    let font = new Map<string, string>();
    for (const [, name, shown] of content.matchAll(/\/(F\d+) [\d.]+ Tf|\[([^\]]*)\] TJ/g)) {
      if (name !== undefined) font = letters.get(name) ?? font;
      else if (shown !== undefined)
        lines.push(
          [...shown.matchAll(/<([0-9a-f]*)>/g)]
            .flatMap(([, hex = '']) => hex.match(/.{4}/g) ?? [])
            .map((glyph) => font.get(glyph) ?? '\ufffd')
            .join(''),
        );
    }
  }
  return lines.join('\n');
}

function glyphsOf(map: string): Map<string, string> {
  const glyphs = new Map<string, string>();
  for (const [, from = '0', , list = ''] of map.matchAll(/<([0-9a-f]+)> <([0-9a-f]+)> \[([^\]]*)\]/g))
    for (const [index, [, hex = '']] of [...list.matchAll(/<([0-9a-f ]+)>/g)].entries()) {
      const units = hex.replaceAll(' ', '').match(/.{4}/g) ?? [];
      const letter = String.fromCharCode(...units.map((unit) => parseInt(unit, 16)));
      glyphs.set((parseInt(from, 16) + index).toString(16).padStart(4, '0'), letter);
    }
  return glyphs;
}
