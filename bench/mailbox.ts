import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** The folder that a store without SMTP writes its letters to, when it lies on this machine. */
export class Mailbox {
  constructor(
    private readonly folder: string,
    private readonly address: string,
  ) {}

  /** Waits for a letter to our address whose text matches, since letters are written by a job. */
  async letter(pattern: RegExp, patienceMs: number): Promise<RegExpExecArray | null> {
    for (const deadline = performance.now() + patienceMs; ; await sleep(100)) {
      for (const text of this.letters()) {
        const found = pattern.exec(text);
        if (found) return found;
      }
      if (performance.now() > deadline) return null;
    }
  }

  /** Of all letters, the oldest first. */
  subjects(): string[] {
    return this.letters().map(
      (text) => /^Subject: (.*(?:\n[ \t].*)*)$/m.exec(text)?.[1]?.replace(/\n\s+/g, ' ') ?? '',
    );
  }

  private letters(): string[] {
    if (!existsSync(this.folder)) return [];
    return readdirSync(this.folder)
      .filter((name) => name.endsWith('.eml'))
      .map((name) => path.join(this.folder, name))
      .sort((a, b) => statSync(a).mtimeMs - statSync(b).mtimeMs)
      .map((file) => readFileSync(file, 'utf8'))
      .filter((text) => text.includes(this.address))
      .map(decoded);
  }
}

/** Quoted-printable breaks long lines and writes some characters as their code; base64 does so with all of them. */
function decoded(letter: string): string {
  return letter
    .replace(
      /(Content-Transfer-Encoding: base64[^]*?\n\n)([A-Za-z0-9+/=\n]+)/g,
      (_, head: string, body: string) => {
        return head + Buffer.from(body, 'base64').toString('utf8');
      },
    )
    .replace(/=\r?\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}
