import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

export interface LetterSeen {
  to: string;
  subject: string;
  messageId: string;
  text: string;
}

/** What the file mailer wrote, the oldest first. */
export async function readLetters(folder: string): Promise<LetterSeen[]> {
  const names = await readdir(folder).catch(() => []);
  const files = await Promise.all(
    names
      .filter((name) => name.endsWith('.eml'))
      .map(async (name) => ({ path: join(folder, name), at: (await stat(join(folder, name))).mtimeMs })),
  );
  files.sort((a, b) => a.at - b.at);
  return Promise.all(files.map(async ({ path }) => parse(await readFile(path, 'utf8'))));
}

function parse(raw: string): LetterSeen {
  const [head = ''] = raw.split('\n\n', 1);
  const header = (name: string) => new RegExp(`^${name}: (.*)$`, 'im').exec(head)?.[1] ?? '';
  const part = /Content-Type: text\/plain[\s\S]*?\n\n([\s\S]*?)\n----/.exec(raw)?.[1] ?? '';
  const quoted = /Content-Type: text\/plain[\s\S]*?quoted-printable/.test(raw);
  return {
    to: header('To'),
    subject: header('Subject'),
    messageId: header('Message-ID'),
    text: quoted ? decode(part) : part,
  };
}

function decode(text: string): string {
  const bytes = text
    .replace(/=\n/g, '')
    .replace(/=([\dA-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
