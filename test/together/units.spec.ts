// The rules beside the code: there are many files of them, and each would load the same libraries anew.
import fs from 'node:fs';

const src = new URL('../../src', import.meta.url);
const files = fs
  .readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.spec.ts'))
  .toSorted();

for (const name of files) await import(`../../src/${name.replace(/\.ts$/, '.js')}`);
