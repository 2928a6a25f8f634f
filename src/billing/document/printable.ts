/** What XML cannot hold and no font draws: control characters, and halves of a pair. */
const UNPRINTABLE = /[^\t\n\r\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;

/** What somebody typed, on one line, as a document may have it. */
export const printable = (text: string): string => text.replace(UNPRINTABLE, '').replace(/\s+/g, ' ').trim();
