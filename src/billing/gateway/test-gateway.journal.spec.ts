import { appendFileSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Journal, type Line } from './test-gateway.journal.js';

const line = (seq: number): Line => ({
  seq,
  at: '2026-11-21T10:00:00.000Z',
  what: 'charge.captured',
  moved: 5,
  operationId: null,
  charge: null,
  answer: null,
  event: null,
  endpoint: null,
  customer: null,
  method: null,
  setup: null,
  clock: null,
});

describe('the journal', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'journal-')), 'journal');

  it('is empty before it exists', () => {
    expect(Journal.read(file)).toEqual([]);
  });

  it('keeps lines that come at once in their order', async () => {
    const journal = new Journal(file);
    await Promise.all(Array.from({ length: 50 }, (_, index) => journal.append(line(index + 1))));
    expect(Journal.read(file).map(({ seq }) => seq)).toEqual(
      Array.from({ length: 50 }, (_, index) => index + 1),
    );
  });

  it('forgets a line that a crash tore, so that the next one is whole', async () => {
    appendFileSync(file, '{"seq":51,"wh');
    expect(Journal.read(file)).toHaveLength(50);
    await new Journal(file).append(line(51));
    expect(Journal.read(file).at(-1)).toEqual(line(51));
    expect(readFileSync(file, 'utf8').endsWith('\n')).toBe(true);
  });
});
